// Drives a gateway so that everything that its description says occurs.
import { exchange, holdConnections, raw } from './http.mjs'
import { drive } from './cases.mjs'
import { Driver } from './driver.mjs'

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

export class Drivers extends Driver {
  constructor(where) {
    super(where, { paths: ARGUMENTS, bodies: BODIES, hasProblems: true })
    for (const one of this.all) one.isInee = one.path.startsWith('/operator/inee/')
  }

  async run() {
    for (const operation of this.all) await this.#common(operation)
    await this.#limits()
    await drive(this)
  }

  /// What holds for operations of every kind.
  async #common(operation) {
    const base = this.baseOf(operation)
    await this.methods(operation)
    if (operation.has('401')) await this.expect(401, operation, { base, token: null })
    if (!operation.isPublic) await this.#credentials(operation)
    if (operation.body !== undefined) await this.contents(operation)
    await this.largeHead(operation)
  }

  /// Revocations exist on the shared gateway alone.
  baseOf(operation) {
    return operation.id === 'revoke' ? this.shared : this.base
  }

  async #credentials(operation) {
    const base = this.baseOf(operation)
    const from = this.address()
    await this.expect(403, operation, { base, token: 'wrong', from })
    await this.expect(429, operation, { base, token: 'wrong', from })
    await this.scopes(operation)
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
    const release = await holdConnections(this.base, crowded, 8,
      { path: this.byId('openWindow').target, token: this.tokens.all })
    for (const operation of this.all.filter((one) => one.has('503') && !one.isPublic && one.id !== 'revoke')) {
      await this.expect(503, operation, { from: crowded })
    }
    release()
    const malformed = await raw(this.base, 'GET / HTTP/1.1\r\nHost: x\r\nBad Field: 1\r\nConnection: close\r\n\r\n')
    this.judge.judge('GET /', {}, malformed)
  }
}
