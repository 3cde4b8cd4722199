'use strict';
// A worker may end at any moment: the process lives on, and no thread waits for the worker. The
// main thread loads the addon only in the second test: with the first one's workers its last
// environment ends, after which Node unloads an addon that permits it.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const net = require('node:net');
const { test } = require('node:test');
const { Worker } = require('node:worker_threads');

const setup = `
  const { parentPort, workerData } = require('node:worker_threads');
  const vx11 = require(workerData.package);
  const target = (transport) => ({ name: 'switch', url: workerData.url, transport, tryTimeoutMs: Infinity });
  const router = (transport) =>
    new vx11.Router({ targets: [target(transport)], totalTimeoutMs: Infinity });
`;

/** Runs the script until it posts a message, then ends the worker. */
async function ended(script, url = 'http://switch:1') {
  const worker = new Worker(setup + script, {
    eval: true,
    workerData: { package: require.resolve('..'), url },
  });
  worker.on('error', (error) => assert.fail(error));
  await once(worker, 'message');
  assert.equal(await worker.terminate(), 1);
}

const threads = () => require('node:fs').readdirSync('/proc/self/task').length;

test('a worker that ends with asks under way leaves no thread waiting', async () => {
  const silent = net.createServer((socket) => socket.on('error', () => {}));
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const url = `http://127.0.0.1:${silent.address().port}`;
  const many = 40;
  for (let round = 0; round < 4; round++) {
    // A function that never answers, in the worker; and sockets that nothing comes from.
    await ended(`
      let asked = 0;
      const never = router(new vx11.FunctionTransport(() => {
        if (++asked === ${many}) parentPort.postMessage('asked');
        return new Promise(() => {});
      }));
      for (let i = 0; i < ${many}; i++) never.ask('hi').catch(() => {});
    `);
    await ended(`
      for (let i = 0; i < ${many}; i++) router().ask('hi').catch(() => {});
      setImmediate(() => parentPort.postMessage('asked'));
    `, url);
  }
  // Were threads of ended workers stuck, each round would have started new ones.
  assert(threads() < 4 * many, `${threads()} threads`);
  silent.close();
});

test('the addon works on after its workers', async () => {
  const vx11 = require('..');
  const transport = new vx11.FunctionTransport(() => ({ body: '{"response":"hi"}' }));
  const router = new vx11.Router({ targets: [{ name: 'switch', url: 'http://switch:1', transport }] });
  const asks = Array.from({ length: 40 }, () => router.ask('hi'));
  assert.deepEqual((await Promise.all(asks)).map((reply) => reply.text), Array(40).fill('hi'));
});

test('a worker that ends while answers arrive does not harm the process', async () => {
  for (let round = 0; round < 10; round++) {
    await ended(`
      const quick = router(new vx11.FunctionTransport(() => ({ body: '{"response":"hi"}' })));
      const again = () => quick.ask('hi').then(again, () => {});
      for (let i = 0; i < 16; i++) again();
      setTimeout(() => parentPort.postMessage('asked'), ${round});
    `);
  }
});
