'use strict';
// Tests what the package adds to the C interface: conversions, promises, exceptions, threads.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { test } = require('node:test');
const vx11 = require('..');

const saying = (body, status = 200) =>
  new vx11.FunctionTransport(() => ({ status, body: JSON.stringify(body) }));
const routerTo = (transport, more = {}) =>
  new vx11.Router({ targets: [{ name: 'switch', url: 'http://switch:1', transport, ...more }] });

test('its version is that of the package', () => {
  assert.equal(vx11.version, require('../package.json').version);
});

test('a guarded function is rejected once its failures opened the circuit', async () => {
  const breaker = new vx11.CircuitBreaker({ failuresToOpen: 2 });
  const calls = [];
  const fail = breaker.guard(async (reason) => {
    calls.push(reason);
    throw new Error(reason);
  });
  await assert.rejects(fail('a'), /a/);
  await assert.rejects(fail('b'), /b/);
  await assert.rejects(fail('c'), (error) => {
    assert(error instanceof vx11.CircuitOpen && error instanceof vx11.VX11Error);
    assert(error.retryAfterMs > 0 && error.retryAfterMs <= 60000);
    return true;
  });
  assert.deepEqual(calls, ['a', 'b']);
  assert.equal(breaker.state, 'open');
  assert.equal(breaker.snapshot().failures, 2);
});

test('only the errors that are failures count, and an aborted call never does', async () => {
  const breaker = new vx11.CircuitBreaker({
    failuresToOpen: 1,
    isFailure: (error) => !(error instanceof RangeError),
  });
  await assert.rejects(breaker.run(() => { throw new RangeError('mine'); }));
  await assert.rejects(breaker.run(() => { throw new DOMException('gone', 'AbortError'); }));
  assert.equal(breaker.state, 'closed');
  await assert.rejects(breaker.run(() => { throw new TypeError('theirs'); }));
  assert.equal(breaker.state, 'open');
});

test('the first word about a permit counts', () => {
  const breaker = new vx11.CircuitBreaker({ failuresToOpen: 1 });
  const permit = breaker.acquire();
  permit.success();
  permit.failure();
  assert.equal(breaker.state, 'closed');
});

test('a wrong option is an error with a code', () => {
  assert.throws(() => new vx11.CircuitBreaker({ probes: -1 }), (error) => {
    assert.equal(error.code, 'invalid_argument');
    assert.match(error.detail, /probes/);
    return true;
  });
});

test('the answer of a function is streamed as one piece', async () => {
  const stream = routerTo(saying({ response: 'h\u00e9llo' })).stream('hi');
  const texts = [];
  for await (const piece of stream) texts.push(piece.text);
  assert.deepEqual(texts, ['h\u00e9llo']);
  assert.deepEqual([stream.source, stream.finishReason], ['switch', 'stop']);
});

test('a function is asked and answers', async () => {
  const seen = [];
  const transport = new vx11.FunctionTransport(async (request) => {
    seen.push(request);
    return { body: '{"response":"h\u00e9llo","model":"m"}', headers: [['x-a', 'b']] };
  });
  const router = routerTo(transport, { headers: { 'x-vx11-token': 't' }, tryTimeoutMs: 5000 });
  const reply = await router.ask('hi \u2713', { sessionId: 's', metadata: { a: [1] } });
  assert.equal(reply.text, 'h\u00e9llo');
  assert.equal(reply.source, 'switch');
  assert.equal(reply.upstream.model, 'm');
  assert.equal(seen[0].method, 'POST');
  assert.equal(seen[0].origin, 'http://switch:1');
  assert.deepEqual(seen[0].headers.find(([name]) => name === 'x-vx11-token'), ['x-vx11-token', 't']);
  assert.match(seen[0].body.toString(), /hi \u2713/);
  assert(seen[0].remainingMs > 0 && seen[0].remainingMs <= 5000);
});

test('a VX11Error of the function keeps its code, and any other is unreachable', async () => {
  const cases = [
    [() => { throw new vx11.VX11Error('timeout', 'too slow'); }, 'timeout'],
    [async () => { throw new TypeError('secret'); }, 'unreachable'],
    [() => ({ status: 'secret' }), 'unreachable'],
  ];
  for (const [send, code] of cases) {
    await assert.rejects(routerTo(new vx11.FunctionTransport(send)).ask('hi'), (error) => {
      assert(error instanceof vx11.ChatFailed);
      assert.equal(error.code, code);
      assert.equal(error.attempts[0].outcome, code);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  }
});

test('more asks than there are threads wait on functions of the main thread', async () => {
  const router = routerTo(new vx11.FunctionTransport(async () => {
    await new Promise(setImmediate);
    return { body: '{"response":"later"}' };
  }));
  const replies = await Promise.all(Array.from({ length: 200 }, () => router.ask('hi')));
  assert(replies.every((reply) => reply.text === 'later'));
});

test('a signal ends an ask under way, and one that was aborted before begins none', async () => {
  const abort = new AbortController();
  const breaker = new vx11.CircuitBreaker({ failuresToOpen: 1 });
  const transport = new vx11.FunctionTransport(() => {
    abort.abort();
    return new Promise(() => {});
  });
  const router = routerTo(transport, { breaker });
  await assert.rejects(router.ask('hi', { signal: abort.signal }), { name: 'AbortError' });
  await assert.rejects(router.ask('hi', { signal: abort.signal }), { name: 'AbortError' });
  assert.equal(breaker.state, 'closed');
});

test('a call ends when its timeout has passed', async () => {
  const router = routerTo(new vx11.FunctionTransport(() => new Promise(() => {})));
  await assert.rejects(router.ask('hi', { timeoutMs: 20 }), { code: 'timeout' });
});

test('the names that timeouts had before 0.2 still work', async () => {
  const router = routerTo(new vx11.FunctionTransport(() => new Promise(() => {})), { limitMs: 20 });
  await assert.rejects(router.ask('hi'), { code: 'timeout' });
});

test('the breaker of a target is shared', async () => {
  const breaker = new vx11.CircuitBreaker({ failuresToOpen: 1 });
  const router = routerTo(saying({}, 500), { breaker });
  await assert.rejects(router.ask('hi'), vx11.ChatFailed);
  assert.equal(breaker.state, 'open');
  assert.equal(router.breaker('switch').state, 'open');
  assert.throws(() => router.breaker('nobody'), vx11.VX11Error);
});

test('each power command reaches madre', async () => {
  const seen = [];
  const transport = new vx11.FunctionTransport((request) => {
    seen.push([request.method, request.target, request.body.toString()]);
    return { body: '{"done":true}' };
  });
  const madre = new vx11.PowerClient('http://madre:1', { transport });
  const commands = [
    () => madre.status(),
    () => madre.soloMadreStatus(),
    () => madre.applySoloMadre(),
    () => madre.openWindow({ services: ['switch'], ttlSeconds: 60 }),
    () => madre.openWindow({ services: ['switch'], ttlSeconds: null }),
    () => madre.closeWindow('w'),
    () => madre.start('switch'),
    () => madre.stop('switch'),
    () => madre.restart('switch'),
  ];
  for (const command of commands) {
    assert.deepEqual(await command(), { status: 200, answer: { done: true } });
  }
  assert.deepEqual(seen.map(([, target]) => target.split('/').at(-1)),
    ['status', 'status', 'apply', 'open', 'open', 'close', 'start', 'stop', 'restart']);
  assert.match(seen[3][2], /60/);
  assert.doesNotMatch(seen[4][2], /300/);
  await assert.rejects(madre.start('toaster'), { code: 'invalid_argument' });
});

test('health tells of every component and of power', async () => {
  const power = new vx11.PowerClient('http://madre:1', {
    transport: saying({
      policy: 'full', active_windows: [], running_services: [], available_services: [],
    }),
  });
  const health = new vx11.HealthAggregator({
    components: [
      { name: 'madre', check: 'http', url: 'http://m:1', required: true, transport: saying({}) },
      { name: 'switch', check: 'breaker', breaker: new vx11.CircuitBreaker() },
      { name: 'spawner' },
    ],
    power,
  });
  const report = await health.status();
  assert.equal(report.overall, 'ok');
  assert.deepEqual(report.components.map(({ status }) => status), ['ok', 'available', 'unknown']);
  assert.equal(report.power.policy, 'full');
});

test('both stores keep turns', async () => {
  for (const store of [new vx11.SessionStore(), new vx11.SessionStore({ path: ':memory:' })]) {
    assert.equal(await store.find('s'), null);
    assert.equal(await store.append('s', 'hello \u2713', 'hi', { metadata: { n: 1 } }), undefined);
    const [last] = await store.recent('s', 1);
    assert.equal(last.content, 'hi');
    assert.deepEqual(last.metadata, { n: 1 });
    assert.equal((await store.find('s')).messages[0].content, 'hello \u2713');
  }
  assert.throws(() => new vx11.SessionStore({ path: '/dev/null/no' }), { code: 'storage' });
});

test('an idle transport does not keep the process alive', async () => {
  const { spawn } = require('node:child_process');
  const program = `const v = require(${JSON.stringify(require.resolve('..'))});
    const t = new v.FunctionTransport(() => ({ body: '{"response":"x"}' }));
    new v.Router({ targets: [{ name: 'madre', url: 'http://m:1', transport: t }] }).ask('hi');`;
  const [code] = await once(spawn(process.execPath, ['-e', program], { stdio: 'inherit' }), 'exit');
  assert.equal(code, 0);
});
