// A browser's page of another origin that speaks to the gateway itself, without the backend: the three endpoints.
import assert from 'node:assert/strict'
import http from 'node:http'
import { after, before, test } from 'node:test'
import { Browser } from './browser.mjs'
import { System } from './system.mjs'

let system, browser, site, stranger, page

/// A page that does nothing by itself, on an origin of its own.
const serve = () => new Promise((resolve) => {
  const server = http.createServer((_, answer) => {
    answer.writeHead(200, { 'content-type': 'text/html' })
    answer.end('<!doctype html><html lang="en"><title>page</title>')
  })
  server.listen(0, '127.0.0.1', () => resolve({ server, origin: `http://127.0.0.1:${server.address().port}` }))
})

before(async () => {
  ;[site, stranger] = [await serve(), await serve()]
  system = await System.start({ gateway: `[server]\ncors_origins = ["${site.origin}"]\n`, operator: null })
  browser = await Browser.start()
  page = await (await browser.chromium.newContext()).newPage()
  await page.goto(site.origin)
})
after(async () => {
  await browser?.stop()
  await system?.stop()
  for (const one of [site, stranger]) one?.server.close()
})

/// What a script of the page gets: status and body, or the name of the error.
const ask = (from, method, path, body) => from.evaluate(async ([url, options]) => {
  try {
    const answer = await fetch(url, options)
    return { status: answer.status, id: answer.headers.get('x-request-id'), body: await answer.json() }
  } catch (error) {
    return { error: error.name }
  }
}, [system.gateway + path, { method, headers: { 'x-vx11-token': system.tokens.operator,
  ...(body && { 'content-type': 'application/json' }) }, ...(body && { body: JSON.stringify(body) }) }])

test('a page of a configured origin chats, and reads status and policy', async () => {
  const chat = await ask(page, 'POST', '/operator/chat/ask', { message: 'hello', session_id: 'direct' })
  assert.equal(chat.status, 200, JSON.stringify(chat))
  assert.match(chat.body.response, /hello/)
  const status = await ask(page, 'GET', '/operator/status')
  assert.equal(status.body.status, 'ok', JSON.stringify(status))
  const power = await ask(page, 'GET', '/operator/power/state')
  assert.equal(power.body.policy, 'solo_madre', JSON.stringify(power))
})

test('a script reads refusals, too', async () => {
  const refused = await ask(page, 'POST', '/operator/chat/ask', { message: '' })
  assert.equal(refused.status, 422)
  assert.ok(Array.isArray(refused.body.detail))
})

test('a page of another origin gets nothing', async () => {
  const other = await (await browser.chromium.newContext()).newPage()
  await other.goto(stranger.origin)
  for (const [method, path, body] of [['POST', '/operator/chat/ask', { message: 'hello' }], ['GET', '/operator/status'],
    ['GET', '/operator/power/state']]) {
    assert.deepEqual(await ask(other, method, path, body), { error: 'TypeError' })
  }
})
