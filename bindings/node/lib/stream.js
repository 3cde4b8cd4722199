'use strict';

const native = require('./native.js');
const { VX11Error, calling, resultOf } = require('./errors.js');
const { wholeMs } = require('./describe.js');

/** A signal may live longer than a stream that was dropped. */
const dropped = new FinalizationRegistry(({ signal, onAbort }) => {
  signal.removeEventListener('abort', onAbort);
});

const END = Object.freeze({ value: undefined, done: true });

/** The pieces of an answer; asks when the first one is awaited. */
class ChatStream {
  #router;
  #chat;
  #end; // of the time for the first piece
  #pieceTimeoutMs;
  #signal;
  #onAbort;
  #stop = native.stopNew();
  #handle;
  #pieces = [];
  #summary = {};
  #error;
  #closed = false;
  #last = Promise.resolve(); // the read before, because one call reads at a time

  constructor(router, chat, { timeoutMs, pieceTimeoutMs, signal }) {
    this.#router = router;
    this.#chat = chat;
    this.#end = performance.now() + timeoutMs;
    this.#pieceTimeoutMs = wholeMs(pieceTimeoutMs);
    this.#signal = signal;
    if (signal?.aborted) this.#abort(signal.reason);
    else if (signal) this.#listen(signal);
  }

  #listen(signal) {
    const weak = new WeakRef(this);
    this.#onAbort = () => weak.deref()?.#abort(signal.reason);
    signal.addEventListener('abort', this.#onAbort, { once: true });
    dropped.register(this, { signal, onAbort: this.#onAbort }, this);
  }

  get source() { return this.#summary.source ?? ''; }
  get reason() { return this.#summary.reason ?? ''; }
  get attempts() { return this.#summary.attempts ?? []; }
  get upstream() { return this.#summary.upstream ?? {}; }
  get finishReason() { return this.#summary.finish_reason ?? null; }
  get inputTokens() { return this.#summary.input_tokens ?? null; }
  get outputTokens() { return this.#summary.output_tokens ?? null; }

  [Symbol.asyncIterator]() { return this; }

  next() {
    const result = this.#last.then(() => this.#next());
    this.#last = result.catch(() => {});
    return result;
  }

  async return(value) {
    this.close();
    return { value, done: true };
  }

  close() {
    if (this.#error) return;
    this.#closed = true;
    this.#pieces = [];
    this.#release();
  }

  async #next() {
    while (!this.#pieces.length && !this.#closed) {
      if (this.#error) throw this.#error;
      await this.#read();
    }
    return this.#pieces.length ? { value: this.#pieces.shift(), done: false } : END;
  }

  async #read() {
    try {
      if (!this.#handle) await this.#open();
      if (this.#closed || this.#error) return;
      const pieces = await resultOf(native.streamRead(this.#handle, this.#pieceTimeoutMs, this.#stop));
      if (this.#closed || this.#error) return;
      if (pieces) this.#pieces = pieces;
      else this.#finish();
    } catch (error) {
      this.#fail(error, true);
    }
  }

  async #open() {
    const leftMs = wholeMs(this.#end - performance.now());
    this.#handle = await resultOf(native.routerStream(this.#router, this.#chat, leftMs, this.#stop));
    if (this.#closed || this.#error) this.#release();
    else this.#summarise();
  }

  #summarise() {
    this.#summary = JSON.parse(calling(() => native.streamSummary(this.#handle)));
  }

  #finish() {
    this.#summarise();
    this.close();
  }

  /** The pieces that have arrived are not delivered. */
  #abort(reason) {
    if (this.#closed || this.#error) return;
    this.#pieces = [];
    this.#fail(reason);
  }

  /** Later reads reject with the same error: an answer that was cut never looks complete. */
  #fail(error, readEnded = false) {
    if (this.#closed || this.#error) return;
    this.#error = error ?? new VX11Error('cancelled', 'the stream was aborted');
    try {
      if (this.#handle && readEnded) this.#summarise();
    } catch {
      // the summary stays that of the opening: the error says more
    } finally {
      this.#release();
    }
  }

  #release() {
    dropped.unregister(this);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    native.stopRequest(this.#stop);
    if (this.#handle) native.streamFree(this.#handle);
  }
}

if (Symbol.asyncDispose) {
  ChatStream.prototype[Symbol.asyncDispose] = async function dispose() { this.close(); };
}

module.exports = { ChatStream };
