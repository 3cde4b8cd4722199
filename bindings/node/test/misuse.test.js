'use strict';
// Wrong use of handles, texts and times is an exception and never a crash or a hang.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const native = require(process.env.VX11_NODE_ADDON || '../build/vx11.node');
const vx11 = require('..');

const saying = (body) => new vx11.FunctionTransport(() => ({ body: JSON.stringify(body) }));
const routerTo = (transport, more = {}) =>
  new vx11.Router({ targets: [{ name: 'switch', url: 'http://switch:1', transport, ...more }] });

test('a handle of another type is a TypeError', () => {
  const breaker = new vx11.CircuitBreaker();
  assert.throws(() => routerTo(breaker), TypeError);
  assert.throws(() => routerTo(saying({}), { breaker: saying({}) }), TypeError);
  assert.throws(() => routerTo({}), TypeError);
  assert.throws(() => routerTo(saying({}), { breaker: { _handle: {} } }), TypeError);
  assert.throws(() => routerTo(saying({}), { breaker: { _handle: 7 } }), TypeError);
  assert.throws(() => native.permitFinish(breaker._handle, 1), TypeError);
  assert.throws(() => native.callAnswer(breaker._handle, 200, [], Buffer.from('')), TypeError);
  assert.throws(() => native.breakerState(process), TypeError);
});

test('a handle that is missing is an error', () => {
  assert.throws(() => native.breakerSnapshot(null), /breaker is NULL/);
  assert.throws(() => native.routerBreaker(undefined, 'x'), /router is NULL/);
});

test('a timeout of Infinity, null or undefined is none, and NaN is refused', async () => {
  const router = routerTo(saying({ response: 'hi' }), { tryTimeoutMs: Infinity });
  for (const timeoutMs of [Infinity, null, undefined, 1e300, 60000.5]) {
    assert.equal((await router.ask('x', { timeoutMs })).text, 'hi');
    assert.equal((await router.ask('x', { limitMs: timeoutMs })).text, 'hi');
  }
  for (const timeoutMs of [NaN, 'soon', {}]) {
    await assert.rejects(router.ask('x', { timeoutMs }), TypeError);
    await assert.rejects(new vx11.HealthAggregator().status({ timeoutMs }), TypeError);
  }
  assert.equal((await router.ask('x', null)).text, 'hi');
  assert.throws(() => new vx11.CircuitBreaker({ openForMs: NaN }), TypeError);
  assert.throws(() => new vx11.SessionStore({ idleTimeoutMs: 'long' }), TypeError);
  new vx11.CircuitBreaker({ openForMs: Infinity, probeTimeoutMs: null });
  await assert.rejects(router.ask('x', { timeoutMs: -Infinity }), { code: 'timeout' });
});

test('an unknown option of a part is an error that names it', () => {
  const named = (make, name) => assert.throws(make, { code: 'invalid_argument', detail: `${name} is not known` });
  const components = [{ name: 'a', check: 'self', prot: 8001 }];
  named(() => new vx11.HealthAggregator({ components }), 'components[0].prot');
  named(() => new vx11.HealthAggregator({ reuseForMS: 5 }), 'reuse_for_m_s');
  named(() => new vx11.PowerClient('http://madre:1', { timeout: 5 }), 'timeout');
  named(() => new vx11.SessionStore({ message: 5 }), 'message');
  assert.throws(() => new vx11.HttpTransport({ caFile: '/none/ca.pem' }), /the trusted certificates cannot be read/);
  assert.throws(() => new vx11.HttpTransport({ pins: ['md5//x'] }), /a pin is not sha256/);
  new vx11.SessionStore({ idleMs: 5 });
  new vx11.PowerClient('http://madre:1', { limitMs: 5, headers: { a: 'b' } });
  new vx11.HealthAggregator({ components: [{ name: 'a', check: 'self', limitMs: 5 }] });
});

test('what is no list is an error of the library', () => {
  const refused = (make) => assert.throws(make, { code: 'invalid_argument' });
  refused(() => new vx11.Router({ targets: 'x' }));
  refused(() => new vx11.HealthAggregator({ components: 5 }));
});

test('a text that would be cut at a NUL is refused', async () => {
  const store = new vx11.SessionStore();
  await assert.rejects(store.find('a\0b'), /NUL/);
  await assert.rejects(store.append('a\0b', 'x', 'y'), /NUL/);
  await assert.rejects(store.append('a', 'x', 'y', { userId: 'u\0' }), /NUL/);
  assert.throws(() => new vx11.SessionStore({ path: '/tmp/a\0b' }), /NUL/);
  assert.throws(() => routerTo(saying({})).breaker('switch\0'), /NUL/);
  assert.throws(() => routerTo(saying({}), { headers: { 'x-vx11-token': 'a\0b' } }), /NUL/);
  await assert.rejects(store.find(7), TypeError);
  assert.equal(await store.find('a'), null);
});

test('a rejection further in opens no breaker around it', async () => {
  const inner = new vx11.CircuitBreaker({ failuresToOpen: 1 });
  inner.acquire().failure();
  const outer = new vx11.CircuitBreaker({ failuresToOpen: 1 });
  const call = outer.guard(inner.guard(() => assert.fail('was called')));
  for (let i = 0; i < 3; i++) await assert.rejects(call(), vx11.CircuitOpen);
  await assert.rejects(outer.run(() => { throw new vx11.VX11Error('rejected'); }));
  assert.equal(outer.state, 'closed');
  const counting = new vx11.CircuitBreaker({ failuresToOpen: 1, isFailure: () => true });
  await assert.rejects(counting.run(() => { throw new vx11.CircuitOpen(1); }));
  assert.equal(counting.state, 'open');
});

test('a rejection of a breaker further in says when to retry', async () => {
  const breaker = new vx11.CircuitBreaker({ failuresToOpen: 1, openForMs: 60000 });
  breaker.acquire().failure();
  const power = new vx11.PowerClient('http://madre:1', { transport: saying({}), breaker });
  await assert.rejects(power.powerState(), (error) => {
    assert(error instanceof vx11.CircuitOpen);
    assert(error.retryAfterMs > 0 && error.retryAfterMs <= 60000);
    return true;
  });
});

test('each wrong response of a function ends the call', async () => {
  const wrong = [
    { status: '200' }, { status: 99999 }, { status: NaN }, { headers: 7 }, { headers: [7] },
    { headers: [['a', 'b\0c']] }, { body: 7 }, { body: Symbol('x') },
  ];
  for (const response of wrong) {
    const router = routerTo(new vx11.FunctionTransport(() => response));
    await assert.rejects(router.ask('hi', { timeoutMs: 20000 }), { code: 'unreachable' });
  }
  assert.throws(() => new vx11.FunctionTransport(7), TypeError);
});

test('whatever a function throws ends the call', async () => {
  const wordless = new vx11.VX11Error('timeout', 'late');
  wordless.detail = { toString() { throw new Error('no text'); } };
  const trap = new Proxy({}, { get() { throw new Error('trap'); } });
  for (const thrown of [trap, { name: Symbol('x') }, undefined, Symbol('x'), wordless]) {
    const router = routerTo(new vx11.FunctionTransport(() => { throw thrown; }));
    await assert.rejects(router.ask('hi', { timeoutMs: 20000 }), { code: 'unreachable' });
  }
});

test('a breaker needs a function, and does not count that it got none', async () => {
  const breaker = new vx11.CircuitBreaker({ failuresToOpen: 1 });
  await assert.rejects(breaker.run(undefined), TypeError);
  assert.throws(() => breaker.guard('work'), TypeError);
  assert.equal(breaker.state, 'closed');
});
