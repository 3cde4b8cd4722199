// Drives the operator's backend so that everything that its description says occurs.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Driver } from './driver.mjs'
import { raw } from './http.mjs'
import { drive } from './operator_cases.mjs'

/// Arguments of paths.
const PATHS = { id: 'property-session', name: 'hermes', file: '' }
/// Bodies that are accepted, by operation.
const bodies = (tokens) => ({
  login: { token: tokens.all },
  logout: { all: false },
  openWindow: { services: ['hermes'], ttl_sec: 300, reason: 'test' },
  closeWindow: {},
  startService: {}, stopService: {}, restartService: {},
  chat: { message: 'hello', session_id: 'property-session' },
  ingestEvent: { source: 'hermes', type: 'hermes.ready', payload: { jobs: 1 } },
  changeSettings: { settings: { theme: 'dark' } },
})
export const UPGRADE = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', 'sec-websocket-protocol': 'vx11.v1' }
/// The end of the first block of an event stream, which has no event.
const A_BLOCK = /\n\n/
export const AN_EVENT = /^data: .*\n\n/m

const LOCK = `
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
`

export class OperatorDriver extends Driver {
  constructor(where) {
    super(where, { paths: PATHS, bodies: bodies(where.tokens), hasProblems: false })
    for (const one of this.all) one.target = one.target.replace('/breakers/hermes/', '/breakers/switch/')
    this.byId('getAuditEntry').target = '/operator/api/audit/1'
    this.byId('downloadAuditEntry').target = '/operator/api/audit/1/download'
    this.largeBody = 2000000
  }

  /// What an operation needs beside the credential: a handshake, or an end of the stream.
  once(operation, how = {}) {
    const needed = {
      openBridge: { headers: UPGRADE },
      streamEvents: { until: A_BLOCK },
      getEvents: { until: A_BLOCK },
    }[operation.id] ?? {}
    if (how.isPlain) return super.once(operation, how)
    return super.once(operation, { ...needed, ...how, headers: { ...needed.headers, ...how.headers } })
  }

  async run() {
    await this.seed()
    for (const operation of this.all) await this.#common(operation)
    const malformed = await raw(this.base, 'GET / HTTP/1.1\r\nHost: x\r\nBad Field: 1\r\nConnection: close\r\n\r\n')
    this.judge.judge('GET /', {}, malformed)
    await drive(this)
  }

  /// A session, an event and an audit entry, so that there is something to read.
  async seed() {
    await this.expect(200, this.byId('login'), { token: null })
    await this.expect(200, this.byId('chat'))
    await this.expect(200, this.byId('ingestEvent'))
  }

  async #common(operation) {
    await this.methods(operation)
    await this.#credentials(operation)
    if (operation.body !== undefined) await this.contents(operation)
    await this.largeHead(operation)
    await this.#forms(operation)
  }

  async #credentials(operation) {
    if (operation.has('401')) await this.expect(401, operation, { token: null })
    if (operation.isPublic || operation.id === 'getMetrics') return
    await this.expect(403, operation, { token: 'wrong' })
    await this.scopes(operation)
  }

  /// The path with `/v1`, and with a slash at the end, is the same.
  async #forms(operation) {
    if (operation.method !== 'GET' || !operation.path.startsWith('/operator/api/')) return
    const { status } = await this.once(operation)
    for (const target of [operation.target.replace('/operator/api/', '/operator/api/v1/'), `${operation.target}/`]) {
      await this.expect(status, { ...operation, target })
    }
  }

  stopGateway() {
    process.kill(this.pids.gateway)
  }
  /// Another program writes to the database, and does not end.
  async withLockedDatabase(action) {
    const holder = spawn('/usr/bin/python3', ['-c', LOCK, this.database], { stdio: ['pipe', 'pipe', 'inherit'] })
    await once(holder.stdout, 'data')
    await action()
    holder.stdin.end()
    await once(holder, 'close')
  }
}
