// What has to happen for each single operation of the backend.
import assert from 'node:assert/strict'
import { hold } from './http.mjs'
import { AN_EVENT, UPGRADE } from './operator_driver.mjs'

const STREAM = { accept: 'text/event-stream' }
/// The body of an operation with other members.
const changed = (operation, members) => ({ body: JSON.stringify({ ...JSON.parse(operation.body), ...members }) })
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const at = (operation, target) => ({ ...operation, target })

export const drive = async (d) => {
  await answers(d)
  await logins(d)
  await documents(d)
  await chats(d)
  await windows(d)
  await services(d)
  await breakers(d)
  await rates(d)
  await events(d)
  await stored(d)
  await readOnly(d)
  await ending(d)
}

/// Everything answers.
const answers = async (d) => {
  const special = ['getRoot', 'getOperator', 'openBridge', 'closeWindow', 'deleteSession', 'logout', 'login']
  for (const operation of d.all) {
    if (!special.includes(operation.id)) await d.expect(200, operation)
    if (operation.method === 'GET' && !['openBridge', 'streamEvents'].includes(operation.id)) {
      await d.once(operation, { method: 'HEAD' })
    }
  }
  await d.expect(302, d.byId('getRoot'))
  await d.expect(302, d.byId('getOperator'))
  await d.expect(101, d.byId('openBridge'))
  await d.expect(426, d.byId('openBridge'), { isPlain: true })
  await d.expect(200, d.byId('closeWindow'))
  await d.expect(200, d.byId('getMetrics'), { headers: { accept: 'application/openmetrics-text; version=1.0.0' } })
}

const logins = async (d) => {
  const [login, logout, me, settings] = ['login', 'logout', 'getMe', 'changeSettings'].map((id) => d.byId(id))
  const answer = await d.once(login, { token: null })
  const cookie = [answer.headers['set-cookie']].flat()[0].split(';')[0]
  const csrf = JSON.parse(answer.bytes).csrf_token
  const byCookie = (headers = {}) => ({ token: null, headers: { cookie, ...headers } })
  await d.expect(200, me, byCookie())
  await d.expect(200, d.byId('verify'), byCookie())
  await d.expect(403, settings, byCookie())
  await d.expect(403, settings, byCookie({ 'x-csrf-token': 'wrong' }))
  await d.expect(200, settings, byCookie({ 'x-csrf-token': csrf }))
  await d.expect(200, logout, byCookie({ 'x-csrf-token': csrf }))
  await d.expect(401, me, byCookie())
  await d.expect(422, login, { token: null, ...changed(login, { token: '' }) })
  await d.expect(422, logout, changed(logout, { all: 'yes' }))
  const from = d.address()
  for (let i = 0; i < 10; ++i) await d.once(login, { token: null, from, ...changed(login, { token: `wrong-${i}` }) })
  await d.expect(429, login, { token: null, from, ...changed(login, { token: 'wrong' }) })
}

const documents = async (d) => {
  for (const id of ['getDescription', 'getConsole']) {
    const { headers } = await d.once(d.byId(id), { headers: { 'accept-encoding': 'identity' } })
    await d.expect(304, d.byId(id), { headers: { 'if-none-match': headers.etag } })
  }
  const page = d.byId('getConsole')
  const { bytes } = await d.once(page, { headers: { 'accept-encoding': 'identity' } })
  const files = [...bytes.toString().matchAll(/"(\/operator\/ui\/[^"]+\.(js|css))"/g)].map(([, file]) => file)
  for (const file of files) await d.expect(200, at(page, file))
  await d.expect(200, at(page, '/operator/ui/chat'))
  await d.expect(404, at(page, '/operator/ui/nothing.js'))
}

const chats = async (d) => {
  const chat = d.byId('chat')
  await d.order('__set', { stream: true })
  await d.expect(200, chat, { headers: STREAM })
  await d.withFault('switch', 'stream_break', {}, () => d.expect(200, chat, { headers: STREAM }))
  await d.order('__set', { stream: false })
  await d.withFault('switch', '500', {}, () => d.expect(200, chat))
  await d.withFault('switch', '500', {}, () => d.withFault('madre', '500', {}, async () => {
    await d.expect(503, chat)
    await d.expect(503, chat, { headers: STREAM })
  }))
  await d.expect(422, chat, changed(chat, { message: '' }))
}

const windows = async (d) => {
  const [read, open, close] = ['getWindow', 'openWindow', 'closeWindow'].map((id) => d.byId(id))
  await d.expect(422, open, { body: JSON.stringify({ services: ['hermes'] }) })
  await d.expect(422, open, changed(open, { ttl_sec: 1000000 }))
  await d.expect(422, close, { body: JSON.stringify({ window_id: 7 }) })
  await d.expect(403, open, changed(open, { ttl_sec: 1801 })) // a bound of the gateway
  await d.expect(200, open)
  await d.expect(200, read)
  await d.expect(409, open)
  await d.expect(409, close, { body: JSON.stringify({ window_id: 'win-other' }) })
  await d.expect(200, close)
  await d.withFault('madre', '500', {}, () => d.expect(200, read)) // degraded
  const commands = { path: '/madre/power/window' } // the state is read as ever
  const each = (operation, status, fault, members) =>
    d.withFault('madre', fault, { ...commands, ...members }, () => d.expect(status, operation))
  await d.withFault('madre', 'hang', commands, async () => {
    const both = await Promise.all([d.once(open), d.once(open)]) // one is in the middle of the other
    assert.deepEqual(both.map(({ status }) => status).sort(), [409, 504])
  })
  await d.endHanging('madre')
  for (const operation of [open, close]) {
    await each(operation, 429, '429', { retry_after: 7 })
    await each(operation, 404, '404')
    await each(operation, 504, 'hang')
    await d.endHanging('madre')
    await d.withFault('madre', 'refuse', {}, () => d.expect(503, operation))
    if (operation === open) await d.expect(200, open) // for the other one
  }
}

const services = async (d) => {
  const all = ['startService', 'stopService', 'restartService'].map((id) => d.byId(id))
  const each = (status, how) => async () => {
    for (const operation of all) await d.expect(status, operation, how)
  }
  for (const operation of all) {
    await d.expect(422, at(operation, operation.target.replace('hermes', 'nothing')))
    await d.expect(422, operation, { body: JSON.stringify({ apply: 'yes' }) })
  }
  await d.withFault('madre', 'refuse', {}, each(503))
  await d.withFault('madre', '429', { retry_after: 7 }, each(429))
  await d.withFault('madre', '404', {}, each(404))
  await d.withFault('madre', 'hang', { path: '/madre/power/service' }, each(504))
}

/// A rate of the gateway's is used up.
const rates = async (d) => {
  await d.once(d.byId('getMe'), { token: d.tokens.once })
  const own = ['createWsToken', 'createSseToken', 'ingestEvent', 'login', 'getEvents', 'streamEvents', 'openBridge']
  for (const operation of d.all.filter((one) => one.has('429') && !own.includes(one.id))) {
    await d.expect(429, operation, { token: d.tokens.once })
  }
  await tooManyTokens(d, d.byId('createWsToken'))
}

/// More than may wait to be used.
const tooManyTokens = async (d, ticket) => {
  for (let i = 0; i < 20000 && (await d.once(ticket)).status !== 429; ++i);
  await d.expect(429, ticket)
}

const breakers = async (d) => {
  for (const id of ['isolateBreaker', 'resetBreaker']) {
    const operation = d.byId(id)
    await d.expect(404, at(operation, operation.target.replace('switch', 'nothing')))
  }
}

const events = async (d) => {
  const [list, stream, token, ingest] = ['getEvents', 'streamEvents', 'createSseToken', 'ingestEvent'].map((id) => d.byId(id))
  for (const query of ['?severity=loud', '?limit=0', '?limit=x', '?cursor=%20', '?since=yesterday']) {
    await d.expect(422, at(list, list.target + query))
  }
  for (const query of ['?severity=info', '?limit=1', '?module=hermes', '?since=2020-01-01T00:00:00Z']) {
    await d.expect(200, at(list, list.target + query))
  }
  await d.expect(200, list, { headers: { ...STREAM, 'last-event-id': '0' }, until: AN_EVENT })
  await d.expect(200, stream, { headers: { 'last-event-id': '0' }, until: AN_EVENT })
  await d.expect(422, stream, { headers: { 'last-event-id': 'x' } })
  const { sse_token: ephemeral } = JSON.parse((await d.once(token)).bytes)
  await d.expect(200, at(stream, `${stream.target}?token=${ephemeral}`), { token: null })
  await d.expect(403, at(stream, `${stream.target}?token=${ephemeral}`), { token: null })
  // More events than are kept, to a client that has the first one.
  const isTrimmed = ({ status, bytes }) => status === 200 && Number(JSON.parse(bytes).event_id) >= 130
  while (!isTrimmed(await d.once(ingest, { base: d.small }))) await pause(5)
  await Promise.all(Array.from({ length: 200 }, () => d.once(ingest, { base: d.small })))
  await tooManyTokens(d, token)
  await tooManyOpen(d)
  for (const operation of [list, stream]) {
    const how = { base: d.small, headers: { ...STREAM, 'last-event-id': '1' }, until: AN_EVENT }
    await d.expect(200, operation, how)
  }
}

/// Of one caller, who may have one of each open.
const tooManyOpen = async (d) => {
  const [list, stream, bridge] = ['getEvents', 'streamEvents', 'openBridge'].map((id) => d.byId(id))
  const asked = { 'x-vx11-token': d.tokens.all }
  const sockets = [await hold(d.narrow, stream.target, asked), await hold(d.narrow, bridge.target, { ...asked, ...UPGRADE })]
  for (const operation of [list, stream]) await d.expect(429, operation, { base: d.narrow, headers: STREAM })
  await d.expect(429, bridge, { base: d.narrow })
  sockets.forEach((socket) => socket.destroy())
}

/// Sessions, audit and settings that exist, that do not, and a database that cannot be used.
const stored = async (d) => {
  const [list, read, remove] = ['getSessions', 'getSession', 'deleteSession'].map((id) => d.byId(id))
  await d.expect(200, at(list, `${list.target}?q=hello&limit=1`))
  await d.expect(422, at(list, `${list.target}?limit=0`))
  await d.expect(204, remove)
  await d.expect(404, read)
  await d.expect(404, remove)
  const audit = d.byId('getAudit')
  await d.expect(422, at(audit, `${audit.target}?limit=0`))
  await d.expect(200, at(audit, `${audit.target}?action=power.,service.`))
  await d.expect(422, at(audit, `${audit.target}?action=1,2,3,4,5,6,7,8,9`))
  for (const id of ['getAuditEntry', 'downloadAuditEntry']) {
    await d.expect(404, at(d.byId(id), d.byId(id).target.replace('/1', '/999999')))
  }
  const settings = d.byId('changeSettings')
  await d.expect(422, settings, { body: JSON.stringify({ settings: { nothing: 1 } }) })
  await d.withLockedDatabase(async () => {
    await d.expect(503, settings)
    await d.expect(503, d.byId('ingestEvent'))
  })
}

const readOnly = async (d) => {
  for (const operation of d.all.filter((one) => one.has('403') && one.operation.responses['403'].$ref?.endsWith('OrOff'))) {
    await d.expect(403, operation, { base: d.readOnly })
  }
}

const ending = async (d) => {
  d.stopGateway()
  const deadline = Date.now() + 30000 // confirmations of credentials are kept for a while
  for (const operation of d.all.filter((one) => one.has('503') && !['getReadyz'].includes(one.id))) {
    await d.eventually(503, operation, operation.id === 'login' ? { token: null, from: d.address() } : {},
      deadline)
  }
  process.kill(d.pids.operator)
  await d.eventually(503, d.byId('getReadyz'))
}
