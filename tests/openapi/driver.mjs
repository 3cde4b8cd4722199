// Drives a program through the operations of its description; what holds for operations of every kind.
import { exchange } from './http.mjs'

const JSON_TYPE = { 'content-type': 'application/json' }
const PROBLEM = { accept: 'application/problem+json' }

/// A program's own driver derives from it. `where` has at least judge, base, control and tokens
/// {all, scopes: {SCOPE: TOKEN}}; `samples` has the arguments of paths and accepted bodies by operationId.
export class Driver {
  faults = []
  count = 0
  #addresses = 0

  constructor(where, { paths, bodies, hasProblems }) {
    Object.assign(this, where)
    this.hasProblems = hasProblems
    this.all = this.judge.operations().map((one) => this.#prepared(one, paths, bodies))
  }

  #prepared({ name, path, method, operation }, paths, bodies) {
    const sample = bodies[operation.operationId]
    return {
      name, path, method, operation,
      target: path.replace(/\{([a-z_]+)\}/g, (_, argument) => paths[argument]),
      body: operation.requestBody ? JSON.stringify(sample) : undefined,
      id: operation.operationId,
      from: this.address(), // rates of addresses are for each one
      isPublic: operation.security.length === 0,
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

  /// Where an operation is served, if not everywhere.
  baseOf() {
    return this.base
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
    const hasProblem = this.hasProblems && answer.status >= 400 && how.method === undefined
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

  /// Asks until the status comes, at most until the deadline; every answer is judged.
  async eventually(status, operation, how, deadline = Date.now() + 20000) {
    for (;;) {
      const { status: got } = await this.once(operation, how)
      if (got === status) return this.expect(status, operation, how)
      if (Date.now() > deadline) return this.faults.push(`${operation.name} → ${got}, never ${status}`)
      await new Promise((resolve) => setTimeout(resolve, 100)) // fewer requests than the rate of an address
    }
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

  /// Ends the calls that hang, as a command that has been answered with 504 is in progress until the gateway sees it.
  async endHanging(service, deadline = Date.now() + 20000) {
    await this.withFault(service, 'refuse', {}, async () => {})
    for (;;) {
      const { bytes } = await this.once(this.byId('getPowerPolicies'))
      if (!JSON.parse(bytes).command_in_progress || Date.now() > deadline) return
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  /// Which methods a path has; a path's `Allow` lists those of the description.
  async methods(operation) {
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

  /// A token with each scope is admitted where the description says so, and refused elsewhere.
  async scopes(operation) {
    const { scopes } = operation
    // A body of another type is refused after the credential, and so nothing is done.
    const headers = operation.body === undefined ? {} : { 'content-type': 'text/plain' }
    for (const [scope, token] of Object.entries(this.tokens.scopes)) {
      const { status } = await this.once(operation, { base: this.baseOf(operation), token, headers })
      const isEnough = scopes.length === 0 || scope === 'admin' || scopes.includes(scope)
      if ((status === 403) === isEnough) {
        this.faults.push(`${operation.name} with the scope ${scope} → ${status}; described are ${scopes}`)
      }
    }
  }

  /// Bodies that no operation takes.
  async contents(operation) {
    const base = this.baseOf(operation)
    await this.expect(415, operation, { base, headers: { 'content-type': 'text/plain' } })
    await this.expect(415, operation, { base, headers: { 'content-encoding': 'gzip' } })
    const large = JSON.stringify({ message: 'x'.repeat(this.largeBody) })
    await this.expect(413, operation, { base, body: large })
    await this.expect(413, operation, { base, body: large, chunked: true })
    if (operation.has('422') && !operation.path.startsWith('/v1/')) {
      await this.expect(422, operation, { base, body: '[]' })
    }
  }
  /// More than any body may have.
  largeBody = 20000

  /// A head that is larger than any.
  largeHead(operation) {
    return this.expect(431, operation, { base: this.baseOf(operation), headers: { 'x-large': 'x'.repeat(100000) } })
  }
}
