#!/usr/bin/env bash
# What:     resumable-stream 2.2.13 with redis 6.3.1 (npm) on Node.js 20, Redis 7.0.15: a second process follows a stream
#           by resumeExistingStream(), and the process that makes the stream is killed, as by a deployment or for its
#           memory.
# Guess:    the follower's stream ends with an error within some seconds: the pieces and the pings of its maker are
#           missing. A later resume is refused, and resumableStream() with the same id starts the stream anew.
# Seen:     the follower waits without an end; it cannot tell a dead maker from a slow model. Later calls reject within a
#           second, "Timeout waiting for ack", both of them, for 24 hours: the key that marks the stream as running
#           outlives its maker for a day, and the "idempotent" call starts nothing in that time. When the stream ends
#           well, the follower ends well, and a later resume gives null. A user who waits for such an answer needs a limit
#           for silence, and the answer a new id.
# Output:   maker ends: follower ends well; resume: null; same id: null
#           maker is killed: follower is still waiting; resume: Error: Timeout waiting for ack; same id: Error: Timeout waiting for ack
#           its key lives for 23 h or more: true
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'redis-server=5:7.0.15-*' 'redis-tools=5:7.0.15-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$PATH
cd "$work"
npm install --silent --no-audit --no-fund resumable-stream@2.2.13 redis@6.3.1 || exit 2

cat >maker.mjs <<'JS'
import { setTimeout as pause } from 'node:timers/promises';
import { createResumableStreamContext } from 'resumable-stream';

async function* words() {
  for (let i = 0; i < 30; i++) {
    yield `word${i} `;
    await pause(100);
  }
}
const context = createResumableStreamContext({ waitUntil: null });
const stream = await context.createNewResumableStream(process.argv[2], () => ReadableStream.from(words()));
console.log('begun');
for await (const word of stream);
setTimeout(() => process.exit(), 2000);
JS
cat >finding.mjs <<'JS'
import { spawn } from 'node:child_process';
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from 'redis';
import { createResumableStreamContext } from 'resumable-stream';

const probe = net.createServer();
await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
const { port } = probe.address();
await new Promise((resolve) => probe.close(resolve));
process.env.REDIS_URL = `redis://127.0.0.1:${port}`;
const children = [];
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')));
async function start(ready, file, ...args) {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  await new Promise((resolve) => child.stdout.on('data', (data) => ready.test(data) && resolve()));
  return child;
}
await start(/ready to accept/i, 'redis-server', '--port', `${port}`, '--save', '');
const context = createResumableStreamContext({ waitUntil: null });
const words = () => new ReadableStream({ start: (controller) => (controller.enqueue('new'), controller.close()) });
async function read(stream) {
  let text = '';
  for await (const piece of stream) text += piece;
  return text;
}
const result = (promise) => promise.then((stream) => (stream ? read(stream) : `${stream}`)).catch((error) => `${error}`);
async function observe(what, id, signal) {
  const maker = await start(/begun/, 'node', 'maker.mjs', id);
  const follower = context.resumeExistingStream(id).then(read);
  await pause(1000);
  if (signal) maker.kill(signal);
  const end = await Promise.race([follower, pause(15_000)]);
  const resume = await result(context.resumeExistingStream(id));
  const again = await result(context.resumableStream(id, words));
  const followed = end === undefined ? 'is still waiting' : end.includes('word29') ? 'ends well' : `has ${end}`;
  console.log(`${what}: follower ${followed}; resume: ${resume}; same id: ${again}`);
}
await observe('maker ends', 'one');
await observe('maker is killed', 'two', 'SIGKILL');
const control = await createClient({ url: process.env.REDIS_URL }).connect();
const [key] = (await control.keys('*')).filter((name) => name.endsWith('two'));
console.log(`its key lives for 23 h or more: ${(await control.ttl(key)) >= 23 * 3600}`);
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
maker ends: follower ends well; resume: null; same id: null
maker is killed: follower is still waiting; resume: Error: Timeout waiting for ack; same id: Error: Timeout waiting for ack
its key lives for 23 h or more: true
EXPECTED
