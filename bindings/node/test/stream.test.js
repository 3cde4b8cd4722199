'use strict';
// Chats through every dialect, groups and streams, against vx11-upstream as a server of models:
// MODELS_URL and CONTROL_URL say where it is.

const assert = require('node:assert/strict');
const { getEventListeners, once } = require('node:events');
const { beforeEach, describe, test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { Worker } = require('node:worker_threads');
const vx11 = require('..');
const routes = require('./routes.js');
const { MODELS_URL, counted, fault, fresh, holdAfter, look, order, target } = require('./upstream.js');

const DIALECTS = ['openai', 'ollama', 'anthropic'];
const CHAT = 'one two three';
const ANSWER = 'model heard: one two three';

const routerTo = (dialect = 'openai') => new vx11.Router({ targets: [target({ dialect })] });
const gc = () => {
  require('node:v8').setFlagsFromString('--expose-gc');
  require('node:vm').runInNewContext('gc')();
};

async function textOf(stream) {
  let text = '';
  for await (const piece of stream) text += piece.text;
  return text;
}
/** Reads up to the first piece with text: before it comes that of the role. */
async function firstText(stream) {
  for (;;) {
    const { value } = await stream.next();
    if (value.text) return value.text;
  }
}

describe('against a server of models', { skip: !MODELS_URL && 'needs vx11-upstream' }, () => {
  beforeEach(fresh);

  routes();

  test('every dialect answers whole and streams', async () => {
    for (const dialect of DIALECTS) {
      assert.equal((await routerTo(dialect).ask(CHAT)).text, ANSWER);
      const stream = routerTo(dialect).stream(CHAT);
      assert.equal(await textOf(stream), ANSWER);
      assert.deepEqual([stream.source, stream.reason, stream.finishReason], ['llama', '', 'stop']);
      assert.equal(stream.outputTokens > 0, dialect !== 'openai'); // which reports none unless asked to
      assert.deepEqual(stream.attempts.map((attempt) => attempt.outcome), ['answered']);
      assert.deepEqual(await stream.next(), { value: undefined, done: true });
    }
  });

  test('a target has its own path, history and members', async () => {
    const own = target({
      url: `${MODELS_URL}/v1`, model: 'm7', systemPrompt: 'be brief', extra: { temperature: 0.25 },
      headers: { 'x-team': 'blue' },
    });
    const sessions = new vx11.SessionStore();
    await sessions.append('s', 'before', 'noted');
    await new vx11.Router({ targets: [own] }).ask('hi', { history: await sessions.recent('s', 2) });
    const last = await look('/__last');
    assert.equal(last.target, '/v1/chat/completions');
    assert.equal(last.headers.authorization, 'Bearer k');
    assert.equal(last.headers['x-team'], 'blue');
    for (const part of ['be brief', 'before', 'noted', 'm7', '0.25']) assert(last.body.includes(part), part);
  });

  test('a group shares its chats by weight', async () => {
    const router = new vx11.Router({
      targets: [target({ name: 'a', group: 'gpus', weight: 3 }), target({ name: 'b', group: 'gpus' })],
      groups: [{ name: 'gpus', policy: 'weighted_round_robin', slowStartMs: 0 }],
    });
    const sources = [];
    for (let i = 0; i < 8; i++) sources.push((await router.ask(CHAT)).source);
    assert.equal(sources.filter((source) => source === 'a').length, 6);
  });

  test('a target that is down is passed by', async () => {
    const down = { name: 'down', url: 'http://127.0.0.1:1', dialect: 'openai' };
    const stream = new vx11.Router({ targets: [down, target({ name: 'up' })] }).stream(CHAT);
    assert.equal(await textOf(stream), ANSWER);
    assert.deepEqual([stream.source, stream.reason], ['up', 'down_unreachable']);
    const none = new vx11.Router({ targets: [down] }).stream(CHAT);
    for (let i = 0; i < 2; i++) {
      await assert.rejects(none.next(), (error) => {
        assert(error instanceof vx11.ChatFailed);
        assert.equal(error.attempts[0].outcome, 'unreachable');
        return true;
      });
    }
  });

  test('leaving the loop and closing end the call of the upstream', async () => {
    await holdAfter(2);
    for await (const piece of routerTo().stream(CHAT)) {
      if (piece.text) break;
    }
    const stream = routerTo().stream(CHAT);
    await firstText(stream);
    const pending = stream.next();
    stream.close();
    assert.deepEqual(await pending, { value: undefined, done: true });
    assert.deepEqual(await stream.next(), { value: undefined, done: true });
    assert.deepEqual(await stream.return(), { value: undefined, done: true });
    assert(await counted({ abandoned: 2, open: 0 }));
  });

  test('an aborted signal ends the call, while a piece is awaited and between two', async () => {
    await holdAfter(2);
    for (const awaited of [true, false]) {
      const controller = new AbortController();
      const stream = routerTo().stream(CHAT, { signal: controller.signal });
      await firstText(stream);
      const pending = awaited ? stream.next() : undefined;
      controller.abort(new RangeError('enough'));
      if (pending) await assert.rejects(pending, /enough/);
      await assert.rejects(stream.next(), /enough/);
    }
    assert(await counted({ abandoned: 2, open: 0 }));
    await assert.rejects(routerTo().stream(CHAT, { signal: AbortSignal.abort() }).next(), { name: 'AbortError' });
  });

  test('aborting or closing while the stream opens ends the call', async () => {
    await fault('hang');
    const controller = new AbortController();
    const opening = routerTo().stream(CHAT, { signal: controller.signal }).next();
    const closed = routerTo().stream(CHAT);
    const pending = closed.next();
    assert(await counted({ total: 2 }));
    controller.abort();
    closed.close();
    await assert.rejects(opening, { name: 'AbortError' });
    assert.equal((await pending).done, true);
    assert(await counted({ open: 0 }));
  });

  test('garbage ends the call of the upstream', async () => {
    await holdAfter(2);
    const signal = new AbortController().signal;
    await (async () => { await firstText(routerTo().stream(CHAT, { signal })); })();
    await new Promise(setImmediate);
    gc();
    assert(await counted({ abandoned: 1, open: 0 }));
    while (getEventListeners(signal, 'abort').length) await new Promise(setImmediate);
  });

  test('aborting with an error of this package while a piece is awaited rejects with it', async () => {
    await holdAfter(2);
    const controller = new AbortController();
    const stream = routerTo().stream(CHAT, { signal: controller.signal });
    await firstText(stream);
    const pending = stream.next();
    assert(await counted({ open: 1 })); // a look takes longer than a thread of the addon to begin the read
    const reason = new vx11.VX11Error('cancelled', 'enough');
    controller.abort(reason);
    await assert.rejects(pending, (error) => error === reason);
    await assert.rejects(stream.next(), (error) => error === reason);
    assert.equal(stream.source, 'llama');
    assert(await counted({ abandoned: 1, open: 0 }));
  });

  test('after an abort no piece that was read before is delivered', async () => {
    await holdAfter(2);
    const controller = new AbortController();
    const stream = routerTo().stream(CHAT, { signal: controller.signal });
    await firstText(stream);
    await holdAfter(1000000); // the rest arrives at once
    await stream.next();
    controller.abort(new RangeError('enough'));
    await assert.rejects(stream.next(), /enough/);
    const whole = routerTo('anthropic').stream(CHAT, { signal: AbortSignal.abort(new RangeError('before')) });
    await assert.rejects(whole.next(), /before/);
  });

  test('a read that no thread takes in time is no failure of the upstream', async () => {
    await holdAfter(2);
    const breaker = new vx11.CircuitBreaker({ failuresToOpen: 1 });
    const router = new vx11.Router({ targets: [target({ breaker })] });
    const streams = Array.from({ length: 512 }, () => router.stream(CHAT));
    for (const stream of streams) await firstText(stream);
    const late = router.stream(CHAT, { pieceTimeoutMs: 500 });
    await firstText(late);
    const reads = streams.map((stream) => stream.next()); // take every thread
    await new Promise(setImmediate);
    const pending = assert.rejects(late.next(), {
      code: 'timeout', detail: 'no thread was free within the timeout',
    });
    const end = performance.now() + 510;
    while (performance.now() < end) await new Promise(setImmediate);
    streams.forEach((stream) => stream.close());
    await pending;
    await Promise.all(reads);
    assert.equal(breaker.state, 'closed');
    assert(await counted({ open: 0 }));
  });

  test('a stream that breaks says so after its pieces', async () => {
    for (const kind of ['stream_break', 'stream_cut', 'stream_error']) {
      for (const dialect of DIALECTS) {
        await fault(kind, { after: 4 });
        const stream = routerTo(dialect).stream(CHAT);
        let text = '';
        await assert.rejects(async () => {
          for await (const piece of stream) text += piece.text;
        }, (error) => {
          assert.match(error.detail, /^the stream ended early, after \d+ pieces?: /);
          assert.equal(error.upstream, 'llama');
          return true;
        });
        assert(text.startsWith('model '));
        assert.equal(stream.finishReason, null);
        assert.equal(stream.source, 'llama');
        await assert.rejects(stream.next(), /the stream ended early/);
      }
    }
  });

  test('a piece that does not arrive is a timeout', async () => {
    await holdAfter(2);
    const stream = routerTo().stream(CHAT, { pieceTimeoutMs: 20 });
    await assert.rejects(textOf(stream), { code: 'timeout' });
  });

  test('many streams run side by side, and several reads of one in order', async () => {
    const router = routerTo();
    const texts = await Promise.all(
      Array.from({ length: 200 }, (_, i) => textOf(router.stream(`number ${i}`))));
    assert.deepEqual(texts, Array.from({ length: 200 }, (_, i) => `model heard: number ${i}`));
    const stream = router.stream(CHAT);
    const results = await Promise.all(Array.from({ length: 12 }, () => stream.next()));
    assert.equal(results.map((result) => result.value?.text ?? '').join(''), ANSWER);
    assert.equal(results.at(-1).done, true);
  });

  test('a worker that ends while it streams ends the calls', async () => {
    await holdAfter(2);
    for (let round = 0; round < 3; round++) {
      await order('/__reset');
      const worker = new Worker(`
        const { parentPort, workerData } = require('node:worker_threads');
        const vx11 = require(workerData.package);
        const router = new vx11.Router({ targets: [workerData.target] });
        const streams = Array.from({ length: 16 }, () => router.stream('one two'));
        const keep = streams.map((stream) => stream.next().then(() => stream.next()));
        Promise.all(keep).then(() => {
          streams.forEach((stream) => stream.next());
          setImmediate(() => parentPort.postMessage('reading'));
        });
      `, { eval: true, workerData: { package: require.resolve('..'), target: target() } });
      worker.on('error', (error) => assert.fail(error));
      await once(worker, 'message');
      await worker.terminate();
      assert(await counted({ abandoned: 16, open: 0 }));
    }
  });
});

test('wrong options are named', () => {
  const wrong = (detail, more, groups) => assert.throws(
    () => new vx11.Router({ targets: [{ name: 'a', url: 'http://h', ...more }], groups }),
    (error) => {
      assert.equal(error.code, 'invalid_argument');
      assert(error.detail.includes(detail), error.detail);
      return true;
    });
  wrong('targets[0].dialect is none of openai', { dialect: 'opnai' });
  wrong('targets[0].modle is not known', { dialect: 'openai', modle: 'm' });
  wrong('targets[0].weight has no effect without a group', { dialect: 'openai', weight: 2 });
  wrong('targets[0].model is missing', { dialect: 'ollama' });
  wrong('targets[0].system_prompt has no effect', { dialect: 'madre', systemPrompt: 'x' });
  wrong('groups[0].policy is none of', { dialect: 'openai', group: 'g' }, [{ name: 'g', policy: 'x' }]);
  wrong('groups[0].max_targts is not known', { dialect: 'openai', group: 'g' }, [{ name: 'g', maxTargts: 1 }]);
  assert.throws(() => new vx11.Router({ targets: [], totalTimeotMs: 5 }), /total_timeot_ms is not known/);
  assert.throws(() => new vx11.HttpTransport({ caFlie: 'x' }), /ca_flie is not known/);
  const breaker = (trip, detail, more) =>
    assert.throws(() => new vx11.CircuitBreaker({ trip, ...more }), { code: 'invalid_argument', detail });
  breaker({ window: 'count' }, 'failures_to_open has no effect with trip', { failuresToOpen: 3 });
  breaker({ window: 'calls' }, 'trip.window is neither count nor time');
  breaker({ window: 'count', size: 10 }, 'trip.minimum_calls must be 1 to size');
  breaker({ window: 'time', slow: { after: 5 } }, 'trip.slow.after is not known');
  breaker('count', 'trip is not an object');
});

test('an option that an ask or a stream does not know is named', async () => {
  const router = new vx11.Router({ targets: [{ name: 'a', url: 'http://h', dialect: 'openai' }] });
  const error = (name) => ({ code: 'invalid_argument', detail: `${name} is not known` });
  await assert.rejects(router.ask('hi', { sesionId: 's' }), error('sesion_id'));
  await assert.rejects(router.ask('hi', { pieceTimeoutMs: 5 }), error('piece_timeout_ms'));
  await assert.rejects(router.stream('hi', { timeotMs: 5 }).next(), error('timeot_ms'));
});

test('windows open a breaker', () => {
  const stateAfter = (outcomes, trip) => {
    const breaker = new vx11.CircuitBreaker({ trip });
    for (const outcome of outcomes) {
      const permit = breaker.acquire();
      outcome === '+' ? permit.success() : permit.failure();
    }
    return breaker.state;
  };
  const count = { window: 'count', size: 4, minimumCalls: 4, failureRate: 0.5 };
  assert.equal(stateAfter('-+++-+', count), 'closed');
  assert.equal(stateAfter('++-+-', count), 'open');
  const time = { window: 'time', spanMs: 3600000, buckets: 6, minimumCalls: 5, failureRate: 0.4 };
  assert.equal(stateAfter('-+-+', time), 'closed');
  assert.equal(stateAfter('-+-++', time), 'open');
  const slow = { window: 'count', size: 2, minimumCalls: 2, slow: { afterMs: 0, rate: 1 } };
  assert.equal(stateAfter('++', slow), 'open');
});

test('a breaker is controlled by hand', () => {
  const breaker = new vx11.CircuitBreaker({
    failuresToOpen: 1, probesToClose: 1, growth: { factor: 2, atMostMs: 9, jitter: { from: 0.5 } },
  });
  breaker.isolate();
  assert.equal(breaker.mode, 'isolated');
  assert.throws(() => breaker.acquire(), vx11.CircuitOpen);
  for (const [control, mode] of
    [['forceClose', 'forced_closed'], ['disable', 'disabled'], ['metricsOnly', 'metrics_only']]) {
    breaker[control]();
    breaker.acquire().failure();
    assert.deepEqual([breaker.mode, breaker.state], [mode, 'closed']);
  }
  breaker.automatic();
  breaker.acquire().failure();
  assert.deepEqual([breaker.mode, breaker.state], ['automatic', 'open']);
  breaker.reset();
  assert.equal(breaker.state, 'closed');
});
