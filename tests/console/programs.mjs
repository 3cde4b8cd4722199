// Programs that a test starts, waits for and stops.
import { spawn } from 'node:child_process'

const LIMIT_MS = 60000 // generous, for loaded machines

/// Runs what the tests need of the environment alone: settings of the caller must not reach the programs.
const environment = (own) => {
  const kept = Object.entries(process.env).filter(([name]) => !/^VX11_|_proxy$/i.test(name))
  return { ...Object.fromEntries(kept), ...own }
}

export class Program {
  output = ''
  errors = ''
  #ended

  constructor(command, args, { env = {}, cwd } = {}) {
    this.command = command
    this.process = spawn(command, args, { env: environment(env), cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    this.process.stdout.on('data', (piece) => (this.output += piece))
    this.process.stderr.on('data', (piece) => (this.errors = (this.errors + piece).slice(-20000)))
    this.#ended = new Promise((resolve) => {
      this.process.on('error', (error) => ((this.errors += error), resolve()))
      this.process.on('close', resolve)
    })
  }

  get isRunning() {
    return this.process.pid !== undefined && this.process.exitCode === null && this.process.signalCode === null
  }

  /// The match of a pattern in what the program prints, which it does within the limit.
  async says(pattern) {
    const deadline = Date.now() + LIMIT_MS
    while (!pattern.test(this.output)) {
      if (!this.isRunning) throw new Error(`${this.command} has ended: ${this.output}${this.errors}`)
      if (Date.now() > deadline) throw new Error(`${this.command} does not say ${pattern}: ${this.output}${this.errors}`)
      await pause(10)
    }
    return pattern.exec(this.output)
  }

  async stop(signal = 'SIGTERM') {
    if (this.isRunning) this.process.kill(signal)
    const killing = setTimeout(() => this.process.kill('SIGKILL'), LIMIT_MS / 2)
    await this.#ended
    clearTimeout(killing)
    return this.process.exitCode
  }
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/// Asks until the answer is true, and returns it.
export const eventually = async (what, ask, limit = LIMIT_MS) => {
  const deadline = Date.now() + limit
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    if (Date.now() > deadline) throw new Error(`never so: ${what}`)
    await pause(20)
  }
}
