'use strict';

/** Codes that say nothing about the upstream: a breaker does not count them. */
const NEUTRAL_CODES = new Set([
  'invalid_argument', 'cancelled', 'circuit_open', 'asleep', 'storage', 'rejected',
  'address_unavailable', 'exhausted',
]);

class VX11Error extends Error {
  constructor(code, detail = '', upstream = '', retryAfterMs = 0) {
    super(`${upstream ? `${upstream}: ` : ''}${detail || code}`);
    this.name = new.target.name;
    this.code = code;
    this.detail = detail;
    this.upstream = upstream;
    this.retryAfterMs = retryAfterMs;
  }
}

class ChatFailed extends VX11Error {
  constructor({ code, detail, upstream, attempts, retry_after_ms: retryAfterMs }) {
    super(code, detail, upstream, retryAfterMs);
    this.attempts = attempts;
  }
}

class CircuitOpen extends VX11Error {
  constructor(retryAfterMs, upstream = '') {
    super('circuit_open', `circuit open, try again in ${retryAfterMs} ms`, upstream, retryAfterMs);
  }
}

/** Converts an exception of the addon, whose text is the library's error object. */
function errorFrom(error) {
  let report;
  try {
    report = JSON.parse(error.message);
  } catch {
    return error;
  }
  if (report.attempts) return new ChatFailed(report);
  if (report.code === 'circuit_open') return new CircuitOpen(report.retry_after_ms ?? 0, report.upstream);
  return new VX11Error(report.code, report.detail, report.upstream, report.retry_after_ms);
}

function calling(native) {
  try {
    return native();
  } catch (error) {
    throw errorFrom(error);
  }
}

/** The result of a call of the addon: parses JSON text; "" is undefined. */
async function resultOf(promised) {
  try {
    const answer = await promised;
    if (typeof answer !== 'string') return answer;
    return answer === '' ? undefined : JSON.parse(answer);
  } catch (error) {
    throw errorFrom(error);
  }
}

module.exports = { ChatFailed, CircuitOpen, NEUTRAL_CODES, VX11Error, calling, resultOf };
