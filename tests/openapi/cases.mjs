// What has to happen for each single operation: answers, fallbacks, failures of upstreams and stores.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'

const STREAM = { accept: 'text/event-stream' }
const keyed = (key) => ({ 'idempotency-key': key })
/// The body of an operation with other members.
const changed = (operation, members) => ({ body: JSON.stringify({ ...JSON.parse(operation.body), ...members }) })
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

export const drive = async (d) => {
  await answers(d)
  await chats(d)
  await tasks(d)
  await power(d)
  await inee(d)
  await completions(d)
  await administration(d)
  await stores(d)
  await ending(d)
}

/// Everything answers.
const answers = async (d) => {
  for (const operation of d.all) {
    const base = d.baseOf(operation)
    const isLater = operation.isInee || ['createEmbeddings', 'closeWindow', 'deleteSession'].includes(operation.id)
    if (!isLater) await d.expect(200, operation, { base })
    if (operation.method === 'GET') await d.once(operation, { base, method: 'HEAD' })
  }
  await d.expect(200, d.byId('openWindow'))
  await d.expect(200, d.byId('closeWindow'))
  await d.expect(200, d.byId('createEmbeddings'))
  await d.expect(200, d.byId('getMetrics'), { headers: { accept: 'application/openmetrics-text; version=1.0.0' } })
  const description = d.byId('getDescription')
  const { headers } = await d.once(description, { headers: { 'accept-encoding': 'identity' } })
  await d.expect(304, description, { headers: { 'if-none-match': headers.etag } })
}

const chats = async (d) => {
  const [ask, chat] = [d.byId('askChat'), d.byId('chat')]
  await d.order('__set', { stream: true })
  for (const operation of [ask, chat]) {
    await d.expect(200, operation, { headers: STREAM })
    await d.expect(204, operation, { headers: { ...STREAM, 'last-event-id': '3' } })
    await d.withFault('switch', 'stream_break', {}, () => d.expect(200, operation, { headers: STREAM }))
    await d.withFault('switch', '500', {}, () => d.expect(200, operation))
    await d.withFault('switch', '500', {}, () =>
      d.withFault('madre', '500', {}, () => d.expect(503, operation)))
  }
  await d.order('__set', { stream: false })
  await idempotency(d, ask, { message: 'another' })
  await crowd(d, [ask, chat, d.byId('sendTask'), ...completionsOf(d)])
}

/// The first answer, and again; the key with another content; a bad key; while the first is in progress.
const idempotency = async (d, operation, other) => {
  const key = operation.id
  await d.expect(200, operation, { headers: keyed(key) })
  const again = await d.once(operation, { headers: keyed(key) })
  if (again.headers['idempotent-replayed'] !== 'true') d.faults.push(`${operation.name} is not replayed`)
  await d.expect(422, operation, { headers: keyed(key), ...changed(operation, other) })
  await d.expect(400, operation, { headers: keyed('x'.repeat(300)) })
  for (const accept of ['text/event-stream', 'text/event-stream, application/problem+json']) {
    const how = { ...changed(operation, { stream: true }), headers: { accept, ...keyed(`${key} ${accept}`.replaceAll(' ', '')) } }
    const release = await hold(d, [() => d.once(operation, how)])
    await d.expectOnce(409, operation, how)
    await release()
  }
}

/// As many chats are in progress as may be.
const crowd = async (d, operations) => {
  const chat = () => d.once(d.byId('askChat'), { from: d.address(), headers: STREAM })
  const release = await hold(d, [chat, chat, chat, chat])
  for (const operation of operations) await d.expect(503, operation, { from: d.address() })
  await release()
}

/// Begins streams of switch, and waits until it has been asked for all of them. They end when the function that
/// is returned is called.
const hold = async (d, begin) => {
  await d.order('__reset')
  await d.order('__set', { stream: true, stream_released: 1 })
  const held = begin.map((one) => one())
  const deadline = Date.now() + 20000
  while ((await d.counts()).switch.total < held.length) {
    if (Date.now() > deadline) throw new Error('switch was not asked for the streams')
    await pause(5)
  }
  return async () => {
    await d.order('__set', { stream: false, stream_released: 1000000 })
    await Promise.all(held)
  }
}

const tasks = async (d) => {
  const task = d.byId('sendTask')
  await d.withFault('switch', '404', {}, () => d.expect(404, task))
  await d.withFault('switch', 'context_too_long', { as: 'tgi' }, () => d.expect(422, task))
  await d.withFault('switch', '429', { retry_after: 7 }, () => d.expect(429, task))
  await d.withFault('switch', '500', {}, () => d.expect(503, task))
}

const power = async (d) => {
  const commands = ['applySoloMadre', 'openWindow', 'closeWindow', 'startService', 'stopService', 'restartService']
    .map((id) => d.byId(id))
  const reads = ['getPowerStatus', 'getSoloMadreStatus'].map((id) => d.byId(id))
  const all = [...commands, ...reads]
  const each = (status, operations) => async () => {
    for (const operation of operations) await d.expect(status, operation)
  }
  await d.withFault('madre', '404', {}, each(404, all))
  await d.withFault('madre', '429', {}, each(429, all))
  await d.withFault('madre', 'context_too_long', { as: 'tgi' },
    each(422, commands.filter((one) => one.has('422'))))
  await d.withFault('madre', 'refuse', {}, each(503, all))
  await d.withFault('madre', '500', {}, () => d.eventually(503, d.byId('getPowerState')))
  const open = d.byId('openWindow')
  await d.expect(403, open, changed(open, { ttl_sec: 31536000 }))
  for (const accept of ['application/json', 'application/problem+json']) { // beside another command it is 409
    await d.withFault('madre', 'hang', {}, () => d.expectOnce(504, open, { headers: { accept } }))
    await d.endHanging('madre')
  }
  await d.withFault('madre', 'hang', {}, () => Promise.all(commands.filter((one) => one !== open)
    .map((one) => d.expect(504, one))))
}

/// While hormiguero sleeps, and then while it runs.
const inee = async (d) => {
  const all = d.all.filter((one) => one.isInee)
  const intents = ['emitIntent', 'emitIntentByOlderPath'].map((id) => d.byId(id))
  const each = (status, operations, how) => async () => {
    for (const operation of operations) await d.expect(status, operation, how)
  }
  await each(503, all)()
  await d.expect(200, { ...d.byId('startService'), target: '/operator/power/service/hormiguero/start' })
  for (const operation of [d.byId('registerColony'), d.byId('sendRewardTransaction'), ...all]) {
    const { status } = await d.ask(operation)
    if (Math.floor(status / 100) !== 2) d.faults.push(`${operation.name} → ${status} while hormiguero runs`)
  }
  for (const operation of all) {
    await d.expect(422, { ...operation, target: `${operation.target}?colony_id=` })
  }
  for (const [service, operations] of [['hormiguero', all], ['madre', intents]]) {
    const path = service === 'madre' ? { path: '/madre/intent' } : {}
    await d.withFault(service, '404', path, each(404, operations))
    await d.withFault(service, '429', { ...path, retry_after: 7 }, each(429, operations))
    await d.withFault(service, 'context_too_long', { ...path, as: 'tgi' }, each(422, operations))
  }
  await d.withFault('hormiguero', '500', {}, each(500, all))
  for (const fault of ['500', 'reset', 'hang']) {
    await d.withFault('madre', fault, { path: '/madre/intent' }, each(504, intents))
  }
  await d.withFault('madre', 'refuse', {}, each(503, intents))
  await each(404, [d.byId('isolateBreaker'), d.byId('resetBreaker')].map((one) =>
    ({ ...one, target: one.target.replace('switch_task', 'nothing') })))()
  await d.expect(404, intents[0], { base: d.shared })
}

const completionsOf = (d) =>
  ['createChatCompletion', 'createResponse', 'createCompletion', 'createEmbeddings'].map((id) => d.byId(id))

const completions = async (d) => {
  const all = completionsOf(d)
  const streamed = all.slice(0, 3)
  await d.order('__set', { stream: true })
  for (const operation of streamed) {
    const how = changed(operation, { stream: true, model: 'vx11/switch' })
    await d.expect(200, operation, how)
    await d.withFault('switch', 'stream_break', {}, () => d.expect(200, operation, how))
    await d.expect(200, operation, changed(operation, { model: 'vx11/llama' }))
    await d.expect(200, operation, changed(operation, { model: 'vx11/llama', stream: true }))
  }
  await d.order('__set', { stream: false })
  for (const operation of all) {
    const model = operation.id === 'createEmbeddings' ? 'vx11/llama' : 'vx11/madre'
    const how = changed(operation, { model })
    const service = model.endsWith('llama') ? 'models' : 'madre'
    await d.expect(400, operation, { body: '[]' })
    await d.expect(404, operation, changed(operation, { model: 'nothing' }))
    await d.withFault(service, '429', { retry_after: 3 }, () => d.expect(429, operation, how))
    await d.withFault(service, '500', {}, () => d.expect(503, operation, how))
  }
  await d.order('__fault', { service: 'madre', fault: 'hang' })
  await d.withFault('models', 'hang', {}, () => Promise.all(all.map((operation) =>
    d.expect(504, operation, changed(operation, { model: operation.id === 'createEmbeddings' ? 'vx11/llama' : 'vx11/madre' })))))
  await d.expect(404, { ...d.byId('getModel'), target: '/v1/models/nothing' })
  await idempotency(d, all[0], { messages: [{ role: 'user', content: 'another' }] })
}

const administration = async (d) => {
  const text = readFileSync(d.config, 'utf8')
  appendFileSync(d.config, '[nonsense]\n')
  await d.expect(422, d.byId('reload'))
  writeFileSync(d.config, text)
  await d.expect(422, d.byId('setLogLevel'), { body: JSON.stringify({ level: 'loud' }) })
  await d.expect(422, d.byId('revoke'), { base: d.shared, body: JSON.stringify({ principal: '' }) })
  await d.expect(404, d.byId('revoke'), { base: d.base })
}

/// Sessions that exist, that do not, and a store that is gone.
const stores = async (d) => {
  const [read, remove] = [d.byId('getSession'), d.byId('deleteSession')]
  await d.expect(204, remove)
  await d.expect(404, read)
  await d.expect(404, remove)
  process.kill(d.redisPid)
  for (const operation of [read, remove, d.byId('revoke')]) await d.eventually(503, operation, { base: d.shared })
}

const ending = async (d) => {
  process.kill(d.gatewayPid)
  await d.eventually(503, d.byId('getReadyz'))
}
