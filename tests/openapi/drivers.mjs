// Drives a gateway so that everything that its description says occurs.
import { exchange, holdConnections, raw } from './http.mjs'
import { drive } from './cases.mjs'

const JSON_TYPE = { 'content-type': 'application/json' }
const PROBLEM = { accept: 'application/problem+json' }
/// Arguments of paths.
const ARGUMENTS = { id: 'session-1', name: 'hermes', model: 'vx11', breaker: 'switch_task' }
/// Bodies that are accepted, by operation.
const BODIES = {
  askChat: { message: 'hello', session_id: 'session-1' },
  chat: { message: 'hello', session_id: 'session-1' },
  sendTask: { task_type: 'ping' },
  openWindow: { services: ['hermes'], reason: 'test' },
  closeWindow: {},
  startService: {}, stopService: {}, restartService: {},
  emitIntent: { intent_type: 'build', target_service: 'hermes' }, emitIntentByOlderPath: { target: 'hermes' },
  registerColony: { colony_id: 'c-1' }, sendEnvelope: { colony_id: 'c-1' }, sendHeartbeat: { colony_id: 'c-1' },
  advanceLifecycle: { colony_id: 'c-1' }, sendPatchset: {}, sendPromptPack: {}, sendPatchPlan: {},
  sendManifestatorPack: {}, sendRewardTransaction: { account_id: 'session-1', amount: 5 },
  createChatCompletion: { model: 'vx11', messages: [{ role: 'user', content: 'hello' }] },
  createResponse: { model: 'vx11', input: 'hello' },
  createCompletion: { model: 'vx11', prompt: 'hello' },
  createEmbeddings: { model: 'vx11/llama', input: 'hello' },
  setLogLevel: { level: 'info', for: '1s' },
  revoke: { principal: 'nothing', for: '1s' },
}

export class Drivers {
  faults = []
  count = 0
  #addresses = 0

  constructor(where) {
    Object.assign(this, where)
    this.all = this.judge.operations().map((one) => this.#prepared(one))
  }

  #prepared({ name, path, method, operation }) {
    const target = path.replace(/\{([a-z]+)\}/g, (_, argument) => ARGUMENTS[argument])
    const body = operation.requestBody ? JSON.stringify(BODIES[operation.operationId]) : undefined
    return {
      name, path, target, method, operation, body,
      id: operation.operationId,
      from: this.address(), // rates of addresses are for each one
      isPublic: operation.security.length === 0,
      isInee: path.startsWith('/operator/inee/'),
      scopes: operation.security.flatMap((one) => Object.values(one).flat()),
      has: (status) => status in operation.responses,
    }
  }

  byId(id) {
    return this.all.find((one) => one.id === id)
  }

  /// A loopback address that nothing else uses.
  address() {
    ++this.#addresses
    return `127.1.${this.#addresses >> 8}.${this.#addresses & 255}`
  }

  /// One request to an operation, judged. `how` may change anything of it.
  async once(operation, how = {}) {
    const { base = this.base, token = this.tokens.all, headers = {}, ...rest } = how
    const asked = {
      method: operation.method, path: operation.target, body: operation.body, from: operation.from, ...rest,
      headers: { ...(token && { 'x-vx11-token': token }), ...((rest.body ?? operation.body) && JSON_TYPE), ...headers },
    }
    ++this.count
    const answer = await exchange(base, asked)
    this.judge.judge(operation.name, asked, answer)
    return answer
  }

  /// The same, and again as a client of problem details if it is refused.
  async ask(operation, how = {}) {
    const answer = await this.once(operation, how)
    const hasProblem = answer.status >= 400 && how.method === undefined
    if (hasProblem) await this.once(operation, { ...how, headers: { ...PROBLEM, ...how.headers } })
    return answer
  }

  async expect(status, operation, how = {}) {
    this.#expect(status, await this.ask(operation, how), operation, how)
  }
  async expectOnce(status, operation, how = {}) {
    this.#expect(status, await this.once(operation, how), operation, how)
  }
  #expect(status, { status: got, bytes }, operation, how) {
    if (got !== status) this.faults.push(`${operation.name} ${JSON.stringify(how)} → ${got}, not ${status}: ${bytes.subarray(0, 200)}`)
  }

  order(what, value = {}) {
    return exchange(this.control, { method: 'POST', path: `/${what}`, body: JSON.stringify(value) }).then((answer) => {
      if (answer.status !== 200) throw new Error(`${what} ${JSON.stringify(value)}: ${answer.bytes}`)
    })
  }
  counts() {
    return exchange(this.control, { path: '/__count' }).then((answer) => JSON.parse(answer.bytes))
  }
  async withFault(service, fault, members, action) {
    await this.order('__fault', { service, fault, ...members })
    await action()
    await this.order('__heal')
  }

  async run() {
    for (const operation of this.all) await this.#common(operation)
    await this.#limits()
    await drive(this)
  }

  /// What holds for operations of every kind.
  async #common(operation) {
    const { has, isPublic, scopes } = operation
    const base = this.baseOf(operation)
    await this.#methods(operation)
    if (has('401')) await this.expect(401, operation, { base, token: null })
    if (!isPublic) await this.#credentials(operation, scopes)
    if (operation.body !== undefined) await this.#contents(operation)
    const field = 'x'.repeat(100000)
    await this.expect(431, operation, { base, headers: { 'x-large': field } })
  }

  async #methods(operation) {
    const { path, target } = operation
    const own = this.all.filter((one) => one.path === path).map(({ method }) => method)
    const wanted = [...own.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])), 'OPTIONS']
    const headers = { 'x-vx11-token': this.tokens.all }
    for (const method of ['PATCH', 'OPTIONS']) {
      const { status, headers: fields } = await exchange(this.baseOf(operation), { method, path: target, headers })
      const allowed = (fields.allow ?? '').split(', ')
      const isRight = status === (method === 'PATCH' ? 405 : 204) && wanted.every((one) => allowed.includes(one))
      if (!isRight || allowed.length !== wanted.length) {
        this.faults.push(`${method} ${path} → ${status}, Allow: ${fields.allow}; described are ${wanted}`)
      }
    }
  }

  /// Revocations exist on the shared gateway alone.
  baseOf(operation) {
    return operation.id === 'revoke' ? this.shared : this.base
  }

  async #credentials(operation, scopes) {
    const base = this.baseOf(operation)
    const from = this.address()
    await this.expect(403, operation, { base, token: 'wrong', from })
    await this.expect(429, operation, { base, token: 'wrong', from })
    // A body of another type is refused after the credential, and so nothing is done.
    const headers = operation.body === undefined ? {} : { 'content-type': 'text/plain' }
    for (const [scope, token] of Object.entries(this.tokens.scopes)) {
      const { status } = await this.once(operation, { base, token, headers })
      const isRefused = status === 403
      if (isRefused === (scope === 'admin' || scopes.length === 0 || scopes.includes(scope))) {
        this.faults.push(`${operation.name} with the scope ${scope} → ${status}; described are ${scopes}`)
      }
    }
  }

  async #contents(operation) {
    const base = this.baseOf(operation)
    await this.expect(415, operation, { base, headers: { 'content-type': 'text/plain' } })
    await this.expect(415, operation, { base, headers: { 'content-encoding': 'gzip' } })
    await this.expect(413, operation, { base, body: JSON.stringify({ message: 'x'.repeat(20000) }) })
    await this.expect(413, operation, { base, body: JSON.stringify({ message: 'x'.repeat(20000) }), chunked: true })
    if (operation.has('422') && !operation.path.startsWith('/v1/')) {
      await this.expect(422, operation, { base, body: '[]' })
    }
  }

  /// Rates, and the room for connections.
  async #limits() {
    const { once } = this.tokens
    for (const base of [this.base, this.shared]) {
      await this.once(this.byId('getBreakers'), { base, token: once })
    }
    for (const operation of this.all.filter((one) => !one.isPublic && one.id !== 'getMetrics')) {
      await this.expect(429, operation, { base: this.baseOf(operation), token: once })
    }
    const from = this.address()
    for (let i = 0; i < 300; ++i) await exchange(this.base, { path: '/v1', from })
    await this.expect(429, this.byId('getDescription'), { from, token: null })

    const crowded = this.address()
    const release = await holdConnections(this.base, crowded, 8)
    for (const operation of this.all.filter((one) => one.has('503') && !one.isPublic && one.id !== 'revoke')) {
      await this.expect(503, operation, { from: crowded })
    }
    release()
    const malformed = await raw(this.base, 'GET / HTTP/1.1\r\nHost: x\r\nBad Field: 1\r\nConnection: close\r\n\r\n')
    this.judge.judge('GET /', {}, malformed)
  }
}
