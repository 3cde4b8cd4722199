'use strict';

class VX11Error extends Error {
  constructor(code, detail = '', upstream = '') {
    super(`${upstream ? `${upstream}: ` : ''}${detail || code}`);
    this.name = new.target.name;
    this.code = code;
    this.detail = detail;
    this.upstream = upstream;
  }
}

class ChatFailed extends VX11Error {
  constructor({ code, detail, upstream, attempts, retry_after_ms: retryAfterMs }) {
    super(code, detail, upstream);
    this.attempts = attempts;
    this.retryAfterMs = retryAfterMs;
  }
}

class CircuitOpen extends VX11Error {
  constructor(retryAfterMs) {
    super('circuit_open', `circuit open, try again in ${retryAfterMs} ms`);
    this.retryAfterMs = retryAfterMs;
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
  return new VX11Error(report.code, report.detail, report.upstream);
}

function calling(native) {
  try {
    return native();
  } catch (error) {
    throw errorFrom(error);
  }
}

/** The result of a call of the addon: parses JSON text; "" is undefined. */
async function told(promised) {
  try {
    const answer = await promised;
    if (typeof answer !== 'string') return answer;
    return answer === '' ? undefined : JSON.parse(answer);
  } catch (error) {
    throw errorFrom(error);
  }
}

module.exports = { ChatFailed, CircuitOpen, VX11Error, calling, told };
