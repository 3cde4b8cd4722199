// A VX11 system for a test: stand-ins, gateway and operator's backend on free ports, which end with it.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Program } from './programs.mjs'

const { VX11_GATEWAY, VX11_UPSTREAM, VX11_OPERATOR } = process.env
/// What the gateway sends to the stand-ins, and what the backend's watcher sends to the gateway.
const UPSTREAM_TOKEN = 'upstream-token-of-this-test'
const SCOPES = {
  operator: ['chat', 'status', 'power:read', 'power:write', 'sessions:read', 'metrics', 'admin'],
  viewer: ['chat', 'status', 'power:read'],
  watcher: ['status', 'power:read'],
}

export class System {
  tokens = {}
  #folder = mkdtempSync(join(tmpdir(), 'vx11-console.'))
  #programs = {}
  #ports = {}

  /// \param powerKey whether the gateway can carry out commands, not only have them planned
  /// \param gateway, operator: TOML that is added to the configuration of each; null: there is no backend
  static async start({ gateway = '', operator = '', upstream = [], powerKey = false } = {}) {
    const system = new System()
    try {
      await system.#start(gateway, operator, upstream, powerKey)
    } catch (error) {
      await system.stop()
      throw error
    }
    return system
  }

  async #start(gateway, operator, upstream, powerKey) {
    for (const [name, scopes] of Object.entries(SCOPES)) this.tokens[name] = this.#newToken(name, scopes)
    await this.#startUpstream(upstream)
    this.#write('power-key', 'power-key-of-vx11-upstream\n')
    this.#write('gateway.toml', this.#gatewayToml(powerKey) + gateway)
    await this.startGateway()
    if (operator === null) return
    this.#write('operator.toml', `[gateway]\nwatch_interval = "250ms"\n${operator}`)
    await this.startOperator()
  }

  #path(name) {
    return join(this.#folder, name)
  }
  #write(name, text) {
    writeFileSync(this.#path(name), text, { mode: 0o600 })
  }

  #newToken(name, scopes) {
    const args = ['token', 'new', name, '--scopes', scopes.join(','), '--file', this.#path('tokens')]
    return execFileSync(VX11_GATEWAY, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  }

  async #startUpstream(more) {
    const program = this.#run('upstream', VX11_UPSTREAM, ['--madre', '127.0.0.1:0', '--switch', '127.0.0.1:0',
      '--deployed', '--command-ms', '0', '--token', UPSTREAM_TOKEN, ...more])
    await program.says(/^ready/m)
    const url = (name) => new RegExp(`^${name} listening on (.*)$`, 'm').exec(program.output)[1]
    Object.assign(this, { madre: url('madre'), switch: url('switch'), control: url('control') })
  }

  #gatewayToml(powerKey) {
    return `[auth]
tokens = "${this.#path('tokens')}"
[chat]
fallback_after = "0s"
${powerKey ? `[power]\nkey_file = "${this.#path('power-key')}"\n` : ''}`
  }

  #run(name, command, args, env = {}) {
    const own = { XDG_STATE_HOME: this.#path('state'), ...env }
    return (this.#programs[name] = new Program(command, args, { env: own, cwd: this.#folder }))
  }

  /// On the port of the first start: the address of a page stays valid.
  async #listen(name, command, args, env) {
    const program = this.#run(name, command, ['--listen', `127.0.0.1:${this.#ports[name] ?? 0}`, ...args], env)
    const url = (await program.says(/^listening on (http\S+)/m))[1]
    this.#ports[name] = new URL(url).port
    return url
  }

  async startGateway() {
    this.gateway = await this.#listen('gateway', VX11_GATEWAY, ['--sessions', 'memory', '--madre', this.madre,
      '--switch', this.switch, '--config', this.#path('gateway.toml')],
      { VX11_TENTACULO_LINK_TOKEN: UPSTREAM_TOKEN, VX11_SERVER_DRAIN_DELAY: '0s' })
  }
  async startOperator() {
    this.operator = await this.#listen('operator', VX11_OPERATOR, ['--gateway', this.gateway,
      '--database', this.#path('operator.db'), '--config', this.#path('operator.toml')],
      { VX11_OPERATOR_GATEWAY_TOKEN: this.tokens.watcher, VX11_OPERATOR_SERVER_DRAIN_DELAY: '0s' })
  }
  stopGateway() {
    return this.#programs.gateway.stop()
  }
  /// \param signal SIGKILL: without a chance to finish anything
  stopOperator(signal) {
    return this.#programs.operator.stop(signal)
  }

  /// Steers the stand-ins: `__fault`, `__heal`, `__set`, …
  async order(what, members = {}) {
    const answer = await fetch(`${this.control}/${what}`, { method: 'POST', body: JSON.stringify(members) })
    if (!answer.ok) throw new Error(`${what} ${JSON.stringify(members)}: ${await answer.text()}`)
    return answer.text()
  }
  async counts() {
    return (await fetch(`${this.control}/__count`)).json()
  }

  /// A request to the backend's API by token.
  async api(method, path, body, token = this.tokens.operator) {
    const answer = await fetch(`${this.operator}/operator/api${path}`, {
      method, body: body && JSON.stringify(body),
      headers: { 'x-vx11-token': token, ...(body && { 'content-type': 'application/json' }) },
    })
    const text = await answer.text()
    return { status: answer.status, body: text && JSON.parse(text) }
  }

  logs() {
    return Object.entries(this.#programs).map(([name, { errors }]) => `--- ${name}\n${errors.slice(-3000)}`).join('\n')
  }

  async stop() {
    await Promise.all(Object.values(this.#programs).map((program) => program.stop()))
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
