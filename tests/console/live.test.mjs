// What happens shows by itself, also when backend or gateway were away.
import assert from 'node:assert/strict'
import { eventually } from './programs.mjs'
import { suite } from './suite.mjs'

const shared = suite()
const { check } = shared

const ingest = async (summary, severity = 'info') => {
  const event = { source: 'hermes', type: 'hermes.said', summary, severity, payload: {} }
  const send = () => shared.system.api('POST', '/events/ingest', event)
  let answer = await send()
  await eventually('the rate of events has room', async () => {
    if (answer.status === 429) answer = await send()
    return answer.status !== 429
  })
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
}
const atEvents = async (open) => {
  const page = await open()
  await page.login(shared.system.tokens.operator)
  await page.view('Events')
  await page.text(/^Live$/).waitFor()
  return page
}
const rows = (page, text) => page.page.getByRole('row').filter({ hasText: text })

check('events show as they happen, are filtered, and pause', async (open) => {
  const page = await atEvents(open)
  await ingest('the first one')
  await rows(page, 'the first one').waitFor()
  await ingest('a bad one', 'error')
  await rows(page, 'a bad one').waitFor()
  await page.page.getByLabel('Severity').selectOption('error')
  await rows(page, 'the first one').waitFor({ state: 'hidden' })
  assert.equal(await rows(page, 'a bad one').count(), 1)
  await page.screenshot('events-filtered')
  await page.button('Clear').click()
  await page.button('Pause').click()
  await ingest('while it is paused')
  await page.button(/^Resume \(1 new\)/).waitFor()
  assert.equal(await rows(page, 'while it is paused').count(), 0)
  await page.button(/^Resume/).click()
  await rows(page, 'while it is paused').waitFor()
})

check('a filter finds what is stored, and a paused list grows downwards', async (open) => {
  await ingest('an old error', 'error')
  for (let i = 0; i < 110; ++i) await ingest(`filler ${i}`)
  const page = await atEvents(open)
  assert.equal(await rows(page, 'an old error').count(), 0)
  await page.page.getByLabel('Severity').selectOption('error')
  await rows(page, 'an old error').waitFor()
  await page.button('Clear').click()
  await page.button('Pause').click()
  await page.button('Older events').click()
  await page.button(/^Show \d+ more/).click()
  await rows(page, 'an old error').waitFor()
})

check('after the backend was killed and came back nothing is missing, and nothing twice', async (open) => {
  const page = await atEvents(open)
  await ingest('before the end')
  await rows(page, 'before the end').waitFor()
  await shared.system.stopOperator('SIGKILL')
  await page.text(/Backend away/).waitFor()
  await page.screenshot('events-backend-away')
  await shared.system.startOperator()
  await ingest('while the page was away')
  await rows(page, 'while the page was away').waitFor()
  await page.text(/^Live$/).waitFor()
  await ingest('after it was back')
  await rows(page, 'after it was back').waitFor()
  for (const text of ['before the end', 'while the page was away', 'after it was back']) {
    assert.equal(await rows(page, text).count(), 1, text)
  }
})

check('a login survives a restart of the backend', async (open) => {
  const page = await open()
  await page.login(shared.system.tokens.operator)
  await shared.system.stopOperator()
  await shared.system.startOperator()
  await page.page.reload()
  await page.heading('Overview').waitFor()
})

check('without the gateway the last data stays with its age, and everything returns', async (open) => {
  const page = await open()
  await page.login(shared.system.tokens.operator)
  const components = page.region('Components').first()
  await components.getByRole('row').filter({ hasText: 'madre' }).waitFor()
  await shared.system.stopGateway()
  await page.text(/Gateway away/).waitFor()
  await components.getByText(/Last data/).waitFor()
  assert.equal(await components.getByRole('row').filter({ hasText: 'madre' }).count(), 1)
  const old = page.page.locator('.tiles .tone-unknown').filter({ hasText: /as of .* ago/ })
  await page.page.waitForFunction(() => document.querySelectorAll('.tile.old').length === 5)
  assert.equal(await old.count(), 5)
  await page.page.waitForFunction(() => !document.querySelector('.topology .module:not(.tone-unknown)'))
  assert.deepEqual(await page.violations(), [])
  await page.screenshot('overview-gateway-away')
  await shared.system.startGateway()
  await page.text(/System ok/).waitFor()
  await components.getByText(/Last data/).waitFor({ state: 'hidden' })
  await page.page.waitForFunction(() => document.querySelectorAll('.tile.old').length === 0)
})

check('without the backend the tiles say how old they are', async (open) => {
  await shared.system.api('POST', '/settings', { settings: { refresh_sec: 2 } }) // the budget is asked for thrice as rarely
  const page = await open()
  await page.login(shared.system.tokens.operator)
  await page.loaded()
  await shared.system.stopOperator('SIGKILL')
  await page.text(/Backend away/).waitFor()
  await page.page.waitForFunction(() => document.querySelectorAll('.tile.old').length === 5)
  await page.region('Last events').getByText(/Events may be missing/).waitFor()
  await page.screenshot('overview-backend-away')
  await shared.system.startOperator()
  await page.page.waitForFunction(() => document.querySelectorAll('.tile.old').length === 0)
})

check('the audit shows what is recorded while it is looked at, and how old it is', async (open) => {
  const page = await open()
  await page.login(shared.system.tokens.operator)
  await page.view('Audit')
  await page.text(/^as of/).waitFor()
  const { body } = await shared.system.api('POST', '/settings', { settings: { theme: 'dark' } })
  await page.page.getByRole('button', { name: /^Details of entry/ }).first().waitFor()
  assert.ok(body.correlation_id)
  await page.page.getByRole('row').filter({ hasText: 'settings' }).first().waitFor()
})

check('a view that could not be loaded is loaded later', async (open) => {
  const page = await open()
  let away = true
  await page.page.route(/assets\/Audit-/, (route) => (away ? route.abort() : route.fallback()))
  await page.page.route(/operator\/ui\/$/, (route) => (away && !route.request().isNavigationRequest() ? route.abort() : route.fallback()))
  await page.login(shared.system.tokens.operator)
  await page.page.getByRole('link', { name: 'Audit' }).click()
  await page.text(/could not be loaded/).waitFor()
  away = false
  await page.heading('Audit').waitFor()
})

check('every view opens while the backend is away', async (open) => {
  const page = await open()
  await page.login(shared.system.tokens.operator)
  await page.page.waitForFunction(() =>
    ['Chat', 'Power', 'Events', 'Breakers', 'Audit', 'Settings'].every((name) =>
      performance.getEntriesByType('resource').some((entry) => entry.name.includes(`/${name}-`) && entry.responseEnd > 0)))
  await shared.system.stopOperator()
  for (const name of ['Settings', 'Power', 'Breakers']) {
    await page.page.getByRole('link', { name, exact: true }).click()
    await page.heading(name).waitFor()
    assert.equal(await page.page.getByText('has failed').count(), 0)
  }
  await shared.system.startOperator()
})

check('a breaker that opens shows everywhere, and is isolated and reset', async (open) => {
  const page = await open()
  await page.login(shared.system.tokens.operator)
  await page.view('Breakers')
  const row = page.page.getByRole('row').filter({ has: page.page.getByRole('rowheader', { name: 'switch', exact: true }) })
  await shared.system.order('__fault', { service: 'switch', fault: '500' })
  for (let i = 0; i < 3; ++i) await shared.system.api('POST', '/chat', { message: 'hello' })
  await row.getByText(/^open$/i).first().waitFor()
  await shared.system.order('__heal')
  await page.button('Reset switch').click()
  await page.dialog(/Reset switch/).getByRole('button', { name: 'Reset', exact: true }).click()
  await row.getByText(/^closed$/i).first().waitFor()
  await page.button('Isolate switch').click()
  await page.dialog(/Isolate switch/).getByRole('button', { name: 'Isolate', exact: true }).click()
  await row.getByText('isolated').first().waitFor()
  await page.screenshot('breakers-isolated')
  await page.button('Reset switch').click()
  await page.dialog(/Reset switch/).getByRole('button', { name: 'Reset', exact: true }).click()
  await row.getByText('automatic').waitFor()
  await eventually('the events say so', async () => {
    const { body } = await shared.system.api('GET', '/events?limit=100')
    return body.events.some(({ type }) => type.startsWith('breaker.'))
  })
})
