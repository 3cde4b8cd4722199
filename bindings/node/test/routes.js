'use strict';
// What becomes of a chat that the first target does not answer: rules, slow targets, last resorts and
// shadows, against vx11-upstream as a server of models. Part of stream.test.js: files run side by side,
// and these have one server.

const assert = require('node:assert/strict');
const { beforeEach, describe, test } = require('node:test');
const vx11 = require('..');
const { counted, fault, fresh, holdAfter, look, target } = require('./upstream.js');

const ANSWER = 'model heard: hello';
const LLAMA = 'POST /v1/chat/completions';

/** Three targets, distinguished by the paths of their APIs. */
const chain = ({ first, ...options } = {}) => new vx11.Router({
  targets: [
    target(first),
    target({ name: 'ollama', dialect: 'ollama' }),
    target({ name: 'claude', dialect: 'anthropic' }),
  ],
  ...options,
});

async function llamaHas(kind) {
  await fresh();
  await fault(kind, { path: '/v1/chat' });
}

async function expectAnswer(router, source, reason) {
  const reply = await router.ask('hello');
  assert.deepEqual([reply.text, reply.source, reply.reason], [ANSWER, source, reason]);
}

const failsWith = (code, attempts = 1) => (error) => {
  assert(error instanceof vx11.ChatFailed);
  assert.deepEqual([error.code, error.upstream, error.attempts.length], [code, 'llama', attempts]);
  return true;
};

module.exports = () => describe('a chat that the first target does not answer', () => {
  beforeEach(fresh);

  test('a rule by kind leads past the steps between', async () => {
    const router = chain({ fallbackRules: [{ when: 'context_too_long', next: 'claude' }] });
    await llamaHas('context_too_long');
    await expectAnswer(router, 'claude', 'llama_error');
    assert(!('POST /api/chat' in await look('/__count')));
    await llamaHas('500');
    await expectAnswer(router, 'ollama', 'llama_error');
  });

  test('a rule without a next step is final', async () => {
    const router = chain({ fallbackRules: [{ when: 'content_refused' }, { statuses: [404, 410] }] });
    for (const kind of ['content_refused', '404']) {
      await llamaHas(kind);
      await assert.rejects(router.ask('hello'), failsWith('http_status'));
      assert.equal((await look('/__count')).total, 1);
    }
    await llamaHas('500');
    await expectAnswer(router, 'ollama', 'llama_error');
  });

  test('a rule ends a stream before its first piece', async () => {
    await llamaHas('content_refused');
    const stream = chain({ fallbackRules: [{ when: 'content_refused' }] }).stream('hello');
    await assert.rejects(stream.next(), failsWith('http_status'));
  });

  test('a slow target is overtaken', async () => {
    const router = chain({ first: { fallbackAfterMs: 20 }, overtaken: 'cancel' });
    await llamaHas('hang');
    await expectAnswer(router, 'ollama', 'llama_slow');
    assert(await counted({ abandoned: 1 }));
  });

  test('a target that is never overtaken has its whole time', async () => {
    const router = chain({ first: { fallbackAfterMs: 0, tryTimeoutMs: 50 } });
    await llamaHas('hang');
    await expectAnswer(router, 'ollama', 'llama_timeout');
  });

  test('a stream ends with the total time of its target', async (t) => {
    await holdAfter(2);
    t.after(fresh);
    const stream = chain({ first: { totalTimeoutMs: 300 } }).stream('hello');
    await assert.rejects(async () => { for await (const piece of stream) assert(piece); }, { code: 'timeout' });
  });

  test('a last resort is asked past an open breaker', async () => {
    for (const lastResorts of [0, 1]) {
      const breaker = new vx11.CircuitBreaker({ failuresToOpen: 1 });
      const router = new vx11.Router({ targets: [target({ breaker })], lastResorts });
      await llamaHas('500');
      await assert.rejects(router.ask('hello'), failsWith('http_status'));
      assert.equal(breaker.state, 'open');
      await fresh();
      if (lastResorts) await expectAnswer(router, 'llama', 'llama_circuit_open');
      else await assert.rejects(router.ask('hello'), failsWith('circuit_open'));
    }
  });

  test('a shadow gets copies and changes no answer', async () => {
    const ollama = target({ name: 'ollama', dialect: 'ollama' });
    const router = new vx11.Router({ targets: [ollama], shadow: { target: target(), share: 0.5 } });
    for (let i = 0; i < 8; i++) await expectAnswer(router, 'ollama', '');
    assert(await counted({ [LLAMA]: 4 }));
    await llamaHas('500');
    for (let i = 0; i < 2; i++) await expectAnswer(router, 'ollama', '');
    assert(await counted({ [LLAMA]: 1 }));
    assert.equal(router.breaker('llama').state, 'closed');
  });

  test('mistakes are named', () => {
    const own = new vx11.FunctionTransport(() => ({}));
    const madre = { name: 'madre', url: 'http://h', transport: own };
    const cases = [
      [{ fallbackRules: [{}] }, 'fallback rule 1: neither statuses nor a condition'],
      [{ fallbackRules: [{ statuses: [400], next: 'other' }] }, '"other" is neither a group'],
      [{ fallbackRules: [{ statuses: [200] }] }, 'status 200 is not one of'],
      [{ fallbackRules: [{ when: 'long' }] }, 'fallback_rules[0].when is neither'],
      [{ fallbackRules: [{ status: [400] }] }, 'fallback_rules[0].status is not known'],
      [{ fallbackRules: 'none' }, 'fallback_rules is not a list of objects'],
      [{ groups: 'all' }, 'groups is not a list of objects'],
      [{ lastResorts: -1 }, 'last_resorts is not a whole number'],
      [{ overtaken: 'stop' }, 'overtaken is neither observe nor cancel'],
      [{ shadow: { target: target({ name: 'b' }), share: 2 } }, 'share must be 0 to 1'],
      [{ shadow: { target: target({ name: 'b' }), rate: 1 } }, 'shadow.rate is not known'],
      [{ shadow: {} }, 'shadow "": no name'],
      [{ shadow: { target: madre } }, 'its transport blocks'],
      [{ first: { fallbackAfterMs: -1 } }, 'fallback_after_ms is not a number'],
      [{ first: { fallbackAfterMs: 1, transport: own } }, 'fallback_after_ms has no effect'],
    ];
    for (const [options, detail] of cases) {
      assert.throws(() => chain(options), (error) => {
        assert.equal(error.code, 'invalid_argument');
        assert(error.detail.includes(detail), error.detail);
        return true;
      });
    }
  });
});
