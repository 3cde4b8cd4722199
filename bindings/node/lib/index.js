'use strict';

const native = require('./native.js');
const { VX11Error, ChatFailed, CircuitOpen, NEUTRAL_CODES, calling, resultOf } = require('./errors.js');
const { chatOf, described, json, listed, milliseconds, wholeMs } = require('./describe.js');
const { ChatStream } = require('./stream.js');

const STATES = ['closed', 'open', 'half_open'];
const MODES = ['automatic', 'isolated', 'forced_closed', 'disabled', 'metrics_only'];
// The codes of vx11.h in order, starting at 1.
const CODES = [
  'invalid_argument', 'unreachable', 'timeout', 'cancelled', 'circuit_open', 'asleep',
  'http_status', 'invalid_reply', 'too_large', 'storage', 'unavailable',
  'no_memory', 'internal', 'rejected', 'address_unavailable', 'exhausted',
];
const COMMANDS = {
  status: 0, soloMadreStatus: 1, applySoloMadre: 2, openWindow: 3, closeWindow: 4,
  start: 5, stop: 6, restart: 7,
};

/** Accepts the names from before 0.2, until 0.3. */
const timeoutOf = (options) => options?.timeoutMs ?? options?.limitMs;
const handleOf = (object) => {
  if (object == null) return null;
  if (object._handle) return object._handle;
  throw new TypeError('the argument is no object of this package');
};

/** Runs `start` with a stop handle controlled by `signal`, and parses its JSON result. */
async function stoppable(signal, start) {
  if (!signal) return resultOf(start(null));
  signal.throwIfAborted();
  const stop = native.stopNew();
  const onAbort = () => native.stopRequest(stop);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await resultOf(start(stop));
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

class Permit {
  constructor(handle) { this._handle = handle; }
  success() { native.permitFinish(this._handle, 1); }
  failure() { native.permitFinish(this._handle, 2); }
  neutral() { native.permitFinish(this._handle, 0); }
}

/** A rejection further in, such as CircuitOpen, is neutral. */
const countsByDefault = (error) => !(error instanceof VX11Error && NEUTRAL_CODES.has(error.code));

class CircuitBreaker {
  constructor(options = {}) {
    const { isFailure = countsByDefault, ...description } = options;
    this._isFailure = isFailure;
    const text = json(described(description, 'trip', 'slow', 'growth', 'jitter'));
    this._handle = calling(() => native.breakerNew(text));
  }

  static _of(handle) {
    const breaker = Object.create(CircuitBreaker.prototype);
    breaker._handle = handle;
    breaker._isFailure = countsByDefault;
    return breaker;
  }

  acquire() {
    const permit = calling(() => native.breakerAcquire(this._handle));
    if (typeof permit === 'number') throw new CircuitOpen(permit);
    return new Permit(permit);
  }

  get state() { return STATES[native.breakerState(this._handle)]; }

  get mode() { return MODES[calling(() => native.breakerMode(this._handle))]; }
  isolate() { this._setMode('isolated'); }
  forceClose() { this._setMode('forced_closed'); }
  disable() { this._setMode('disabled'); }
  metricsOnly() { this._setMode('metrics_only'); }
  automatic() { this._setMode('automatic'); }
  reset() { calling(() => native.breakerReset(this._handle)); }
  _setMode(mode) { calling(() => native.breakerSetMode(this._handle, MODES.indexOf(mode))); }

  snapshot() { return JSON.parse(calling(() => native.breakerSnapshot(this._handle))); }

  async run(work) {
    needFunction(work, 'a breaker');
    const permit = this.acquire();
    try {
      const result = await work();
      permit.success();
      return result;
    } catch (error) {
      if (error?.name !== 'AbortError' && this._isFailure(error)) permit.failure();
      throw error;
    } finally {
      permit.neutral(); // no effect if an outcome was reported before
    }
  }

  guard(work) {
    needFunction(work, 'a breaker');
    const breaker = this;
    return function guarded(...args) { return breaker.run(() => work.apply(this, args)); };
  }
}

class HttpTransport {
  constructor(options = {}) {
    this._handle = calling(() => native.transportNew(json(described(options))));
  }
}

/** Alternating names and values. */
function pairsOf(headers) {
  return [...(headers ?? [])].flatMap(([name, value]) => [String(name), String(value)]);
}

function complete(call, answer) {
  if (!Number.isInteger(answer?.status ?? 200)) throw new TypeError('status is no whole number');
  const headers = pairsOf(answer?.headers);
  native.callAnswer(call, answer?.status ?? 200, headers, Buffer.from(answer?.body ?? ''));
}

/** Code and text of what a transport's function threw, which can be anything. */
function failureOf(error) {
  try {
    if (!(error instanceof VX11Error)) return ['unreachable', `${error?.name ?? 'Error'} in the transport`];
    return [error.code, String(error.detail)];
  } catch {
    return ['unreachable', 'error in the transport'];
  }
}

function abandon(call, error) {
  const [code, detail] = failureOf(error);
  native.callFail(call, CODES.indexOf(code) + 1 || 2, detail.replaceAll('\0', ''));
}

function needFunction(work, what) {
  if (typeof work !== 'function') throw new TypeError(`${what} needs a function`);
}

class FunctionTransport {
  constructor(send) {
    needFunction(send, 'a transport');
    // Not async: this function must not throw or reject, whatever `send` does.
    const deliver = (request, call) => {
      if (request.remainingMs < 0) delete request.remainingMs;
      (async () => complete(call, await send(request)))().catch((error) => abandon(call, error));
    };
    this._handle = calling(() => native.transportCustom(deliver));
  }
}

let sockets;
/** The shared socket transport for all clients without one. */
const socketsOf = () => (sockets ??= new HttpTransport());

/** What is called: a target or a component. Its handles are passed beside the description. */
const calledOf = ({ transport, breaker, ...options } = {}) => described(options);
/** What is no list is named by the library. */
const partsOf = (called) => (Array.isArray(called) ? called : []);
const transportsOf = (called) => partsOf(called).map(({ transport }) => handleOf(transport ?? socketsOf()));
const breakersOf = (called) => partsOf(called).map(({ breaker }) => handleOf(breaker));

class Router {
  constructor({ targets, groups, fallbackRules, shadow, ...options }) {
    const description = json({
      ...described(options),
      targets: listed(targets, calledOf),
      groups: listed(groups),
      fallback_rules: listed(fallbackRules),
      shadow: shadow && { ...described(shadow), target: calledOf(shadow.target) },
    });
    const called = shadow ? [...partsOf(targets), shadow.target ?? {}] : targets;
    const [transports, breakers] = [transportsOf(called), breakersOf(called)];
    this._handle = calling(() => native.routerNew(description, transports, breakers));
    this._totalTimeoutMs = options.totalTimeoutMs ?? options.deadlineMs ?? 30000;
  }

  async ask(message, options) {
    options ??= {};
    const timeoutMs = this._timeoutMs(options);
    const chat = chatOf(message, options);
    return stoppable(options.signal, (stop) =>
      native.routerAsk(this._handle, chat, wholeMs(timeoutMs), stop));
  }

  stream(message, options) {
    options ??= {};
    const timeoutMs = this._timeoutMs(options);
    const { pieceTimeoutMs, signal, ...more } = options;
    return new ChatStream(this._handle, chatOf(message, more), { timeoutMs, pieceTimeoutMs, signal });
  }

  _timeoutMs(options) {
    return Math.min(milliseconds(timeoutOf(options) ?? Infinity), this._totalTimeoutMs);
  }

  breaker(target) {
    return CircuitBreaker._of(calling(() => native.routerBreaker(this._handle, target)));
  }
}

class PowerClient {
  constructor(url, options = {}) {
    const [[transport], [breaker]] = [transportsOf([options]), breakersOf([options])];
    const description = json({ ...calledOf(options), url });
    this._handle = calling(() => native.powerNew(description, transport, breaker));
  }

  async powerState(options) {
    return stoppable(options?.signal, (stop) =>
      native.powerState(this._handle, wholeMs(timeoutOf(options)), stop));
  }

  async _send(command, args, options) {
    return stoppable(options?.signal, (stop) =>
      native.powerSend(this._handle, COMMANDS[command], json(args), wholeMs(timeoutOf(options)), stop));
  }

  status(options) { return this._send('status', {}, options); }
  soloMadreStatus(options) { return this._send('soloMadreStatus', {}, options); }
  applySoloMadre(options) { return this._send('applySoloMadre', {}, options); }
  openWindow({ services, ttlSeconds, reason }, options) {
    return this._send('openWindow', { services, ttl_s: ttlSeconds, reason }, options);
  }
  closeWindow(id = '', options = undefined) { return this._send('closeWindow', { id }, options); }
  start(service, options) { return this._send('start', { service }, options); }
  stop(service, options) { return this._send('stop', { service }, options); }
  restart(service, options) { return this._send('restart', { service }, options); }
}

class HealthAggregator {
  constructor({ components = [], power, ...options } = {}) {
    const description = json({ ...described(options), components: listed(components, calledOf) });
    const [transports, breakers] = [transportsOf(components), breakersOf(components)];
    this._handle = calling(() =>
      native.healthNew(description, transports, breakers, handleOf(power)));
  }

  async status(options) {
    return stoppable(options?.signal, (stop) =>
      native.healthCheck(this._handle, wholeMs(timeoutOf(options)), stop));
  }
}

class SessionStore {
  constructor({ path = null, ...options } = {}) {
    const limits = json(described(options));
    this._handle = calling(() => native.sessionsNew(path, limits));
  }

  async recent(id, count = 3) { return resultOf(native.sessionsRecent(this._handle, id, count)); }
  async find(id) { return resultOf(native.sessionsFind(this._handle, id)); }
  async append(id, user, assistant, { userId = 'local', metadata = {} } = {}) {
    const turn = json({ user: { content: user }, assistant: { content: assistant, metadata } });
    await resultOf(native.sessionsAppend(this._handle, id, userId, turn));
  }
}

class OperatorApi {
  constructor({ auth, router, health, power, sessions, ...options }) {
    const parts = [router, health, power, sessions].map(handleOf);
    const description = json({ ...described(options), auth });
    this._handle = calling(() => native.operatorNew(description, ...parts));
  }

  async handle({ method, target, headers = [], body = '' }, options = undefined) {
    const flat = pairsOf(headers);
    return stoppable(options?.signal, (stop) =>
      native.operatorHandle(
        this._handle, method, target, flat, Buffer.from(body), wholeMs(timeoutOf(options)), stop));
  }

  drain() { native.operatorDrain(this._handle); }
}

module.exports = {
  ChatFailed,
  ChatStream,
  CircuitBreaker,
  CircuitOpen,
  FunctionTransport,
  HealthAggregator,
  HttpTransport,
  OperatorApi,
  PowerClient,
  Router,
  SessionStore,
  VX11Error,
  version: native.version,
};
