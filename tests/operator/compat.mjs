// The call groups of the deployed pages against running programs: the fields they read are there.
//   node compat.mjs OPERATOR TOKEN CONTROL
import assert from 'node:assert/strict'
import test from 'node:test'
import { PagesClient } from './pages_client.mjs'

const [operator, token, control] = process.argv.slice(2)
const MODES = ['solo_madre', 'window_active', 'degraded']
const SEVERITIES = ['critical', 'error', 'warn', 'info']

const has = (object, ...members) => members.forEach((member) => assert.ok(member in object, `${member} is missing`))
const good = (answer) => {
  assert.equal(answer.status, 200, answer.text)
  assert.equal(answer.headers.get('x-correlation-id'), 'page-1')
  return answer.body
}
const isEvent = (event) => {
  has(event, 'event_id', 'id', 'event_type', 'type', 'ts', 'created_at', 'severity', 'module', 'summary',
    'correlation_id', 'payload')
  assert.equal(event.type, event.event_type)
  assert.equal(event.ts, event.created_at)
  assert.ok(SEVERITIES.includes(event.severity))
  assert.ok(!Number.isNaN(Date.parse(event.ts)))
}
const isWindow = (window) => {
  has(window, 'mode', 'policy', 'status', 'window_id', 'ttl_seconds', 'ttl_remaining_sec', 'created_at', 'deadline',
    'services', 'active_services', 'degraded', 'reason', 'read_only', 'correlation_id')
  assert.ok(MODES.includes(window.mode))
  assert.ok(['open', 'none'].includes(window.status))
}
const requestsOfSwitch = async () => (await (await fetch(`${control}/__count`)).json()).switch.total

for (const base of ['/operator/api', '/operator/api/v1']) {
  const page = new PagesClient(operator + base, token)

  test(`${base}: events, every 15 s`, async () => {
    for (const path of ['/events', '/events?limit=5', '/events?severity=info&limit=5']) {
      const { events, total, has_more } = good(await page.get(path))
      events.forEach(isEvent)
      assert.equal(typeof total, 'number')
      assert.equal(typeof has_more, 'boolean')
    }
    assert.equal((await page.get('/events?severity=loud')).status, 422)
  })

  test(`${base}: the window, every 15 s`, async () => {
    const window = good(await page.get('/chat/window/status'))
    isWindow(window)
    assert.equal(window.mode, 'solo_madre')
    assert.equal(window.status, 'none')
  })

  test(`${base}: status, modules and topology wake no service`, async () => {
    const before = await requestsOfSwitch()
    const status = good(await page.get('/status'))
    has(status, 'status', 'policy', 'degraded', 'window', 'core_services', 'optional_services')
    has(status.window, 'mode', 'services')
    has(status.core_services, 'madre', 'tentaculo_link', 'redis')
    for (const service of Object.values({ ...status.core_services, ...status.optional_services })) has(service, 'status', 'reason')
    const { modules } = good(await page.get('/modules'))
    assert.ok(Object.keys(modules).length > 5)
    for (const module of Object.values(modules)) {
      assert.ok(['UP', 'OFF_BY_POLICY', 'DEGRADED', 'UNKNOWN'].includes(module.status), module.status)
      assert.ok(['core', 'optional', 'operator'].includes(module.category), module.category)
      has(module, 'port', 'reason')
    }
    const { nodes, edges } = good(await page.get('/topology'))
    nodes.forEach((node) => has(node, 'id', 'label', 'status', 'port', 'role'))
    const ids = nodes.map(({ id }) => id)
    edges.forEach((edge) => assert.ok(ids.includes(edge.from) && ids.includes(edge.to), JSON.stringify(edge)))
    assert.equal(await requestsOfSwitch(), before)
  })

  test(`${base}: chat`, async () => {
    const answer = good(await page.post('/chat', { message: 'hello', session_id: 'page-session', user_id: 'local' }))
    has(answer, 'response', 'session_id', 'fallback_source', 'provider', 'model_used', 'latency_ms', 'degraded',
      'correlation_id')
    assert.equal(answer.session_id, 'page-session')
    assert.equal(typeof answer.response, 'string')
    assert.ok(['switch', 'madre_fallback'].includes(answer.fallback_source))
    const empty = await page.post('/chat', { message: '' })
    assert.equal(empty.status, 422)
    has(empty.body, 'detail')
    const { sessions } = good(await page.get('/sessions?limit=5'))
    assert.ok(sessions.some(({ session_id: id }) => id === 'page-session'))
    const { messages } = good(await page.get('/sessions/page-session'))
    assert.deepEqual(messages.slice(-2).map(({ role }) => role), ['user', 'assistant'])
  })

  test(`${base}: a window is opened and closed`, async () => {
    assert.equal((await page.post('/chat/window/open', { services: ['switch'] })).status, 422) // neither ttl nor hold
    const opened = good(await page.post('/chat/window/open', { services: ['switch'], ttl_sec: 60, mode: 'ttl', reason: 'test' }))
    isWindow(opened)
    assert.equal(opened.mode, 'window_active')
    assert.equal(opened.status, 'open')
    assert.ok(opened.services.includes('switch'))
    const again = await page.post('/chat/window/open', { services: ['switch'], ttl_sec: 60, mode: 'ttl' })
    assert.equal(again.status, 409, again.text)
    const closed = good(await page.post('/chat/window/close', {}))
    isWindow(closed)
    assert.equal(closed.status, 'none')
  })

  test(`${base}: audit with download`, async () => {
    const { entries } = good(await page.get('/audit?limit=5'))
    const opening = entries.find(({ action }) => action.startsWith('power.'))
    has(opening, 'audit_id', 'ts', 'principal', 'address', 'action', 'object', 'outcome', 'correlation_id')
    const one = good(await page.get(`/audit/${opening.audit_id}`))
    assert.equal(one.entry.audit_id, opening.audit_id)
    const file = await page.get(`/audit/${opening.audit_id}/download`)
    assert.equal(file.status, 200)
    assert.match(file.headers.get('content-disposition'), /^attachment; filename=/)
    assert.match(file.text, /power\./)
    assert.equal((await page.get('/audit/999999999')).status, 404)
  })

  test(`${base}: settings`, async () => {
    const before = good(await page.get('/settings'))
    has(before, 'settings', 'policy', 'read_only')
    const after = good(await page.post('/settings', { settings: { theme: 'dark' } }))
    assert.equal(after.settings.theme, 'dark')
    assert.equal(good(await page.get('/settings')).settings.theme, 'dark')
  })

  test(`${base}: what is not served is refused, after the one repetition`, async () => {
    for (const [method, path] of [['GET', '/scorecard'], ['GET', '/spawner/status'], ['GET', '/spawner/runs'],
      ['POST', '/spawner/submit'], ['POST', '/assist']]) {
      const before = page.requests
      const answer = await page.call(method, path, method === 'POST' ? {} : undefined)
      const isOff = answer.status === 403 && answer.body.status === 'OFF_BY_POLICY'
      assert.ok(answer.status === 404 || isOff, `${path} → ${answer.status} ${answer.text}`)
      assert.equal(page.requests - before, answer.status === 404 ? 2 : 1)
    }
  })

  test(`${base}: services are planned`, async () => {
    const answer = good(await page.post('/service/hermes/restart', {}))
    assert.equal(answer.executed, false)
    assert.equal(answer.status, 'plan')
    assert.equal((await page.post('/service/nothing/restart', {})).status, 422)
  })

  test(`${base}: an event stream by an ephemeral token, once`, async () => {
    const { sse_token: ephemeral, expires_in_sec, ttl_sec } = good(await page.post('/events/sse-token'))
    assert.ok(expires_in_sec <= 60 && ttl_sec <= 60)
    const open = () => fetch(`${operator}${base}/events/stream?token=${ephemeral}`)
    const stream = await open()
    assert.equal(stream.status, 200)
    assert.match(stream.headers.get('content-type'), /^text\/event-stream/)
    await good(await page.post('/events/ingest', { source: 'hermes', type: 'hermes.ready', payload: { jobs: 1 } }))
    const message = await firstMessage(stream, 'hermes.ready')
    assert.ok(!/^event:/m.test(message), 'messages have no name')
    assert.match(message, /^id: ?[0-9]+$/m)
    const { type, events } = JSON.parse(/^data: ?(.*)$/m.exec(message)[1])
    assert.equal(typeof type, 'string')
    events.forEach(isEvent)
    assert.ok([401, 403].includes((await open()).status), 'the token opens one stream')
  })
}

/// The first message of a stream with a word in it.
const firstMessage = async (stream, word) => {
  let text = ''
  for await (const piece of stream.body.pipeThrough(new TextDecoderStream())) {
    text += piece
    const found = text.split('\n\n').slice(0, -1).find((message) => message.includes(word))
    if (found) return found // leaving the loop closes the stream
  }
  throw new Error(`the stream has ended: ${text}`)
}

test('no caller is served anonymously, or by a lasting token in the query', async () => {
  for (const path of ['/status', '/modules', '/events', '/events/stream', '/audit', '/settings', '/sessions', '/me',
    '/chat/window/status', '/topology', '/breakers', '/slo', '/latency', '/power/policies']) {
    const answer = await fetch(`${operator}/operator/api${path}`)
    assert.equal(answer.status, 401, path)
    assert.equal((await answer.json()).error, 'auth_required')
    const inQuery = await fetch(`${operator}/operator/api${path}?token=${token}`)
    assert.ok([401, 403].includes(inQuery.status), `${path}?token= → ${inQuery.status}`)
  }
  const wrong = await fetch(`${operator}/operator/api/status`, { headers: { 'x-vx11-token': 'wrong' } })
  assert.equal(wrong.status, 403)
})

test('no route lists tokens', async () => {
  for (const path of ['/auth/tokens', '/tokens', '/events/sse-token', '/auth/sessions']) {
    const answer = await fetch(`${operator}/operator/api${path}`, { headers: { 'x-vx11-token': token } })
    assert.ok([404, 405].includes(answer.status), `${path} → ${answer.status}`)
  }
})
