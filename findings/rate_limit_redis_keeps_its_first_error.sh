#!/usr/bin/env bash
# What:     rate-limit-redis 6.0.1, express-rate-limit 8.7.5, redis 6.3.1, ioredis 6.0.0 (npm) on Node.js 20, Redis 7.0.15:
#           a server process that is started while Redis is away for a moment.
# Guess:    requests are answered 500 until Redis is there, and 200 from then on.
# Seen:     they are answered 500 for as long as the process lives, each with the error of the start, while a second limiter
#           of the same client, made later, works. The store loads its script once, when it is made, and keeps the promise:
#           if that was rejected, so is every request. What comes back by itself after an outage is the client alone. A
#           Redis that goes away after the start does no harm. Make the store after the first reply of Redis (here PING), or
#           let a readiness check ask for a limited path, so that the process is started again.
# Output:   redis, Redis away: 500 The client is offline
#           redis, 3 s after it came: 500 The client is offline; PING: PONG; a limiter made now: 200
#           redis, away and back again: 500 The client is offline; PING: PONG; the later limiter: 200
#           ioredis, Redis away: 500 Stream isn't writeable
#           ioredis, 3 s after it came: 500 Stream isn't writeable; PING: PONG; a limiter made now: 200
#           ioredis, away and back again: 500 Stream isn't writeable; PING: PONG; the later limiter: 200
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'redis-server=5:7.0.15-*' 'redis-tools=5:7.0.15-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$PATH
cd "$work"
npm install --silent --no-audit --no-fund rate-limit-redis@6.0.1 express-rate-limit@8.7.5 express@5.3.0 redis@6.3.1 \
  ioredis@6.0.0 || exit 2

cat >finding.mjs <<'JS'
import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import express from 'express';
import { rateLimit } from 'express-rate-limit';
import Redis from 'ioredis';
import { RedisStore } from 'rate-limit-redis';
import { createClient } from 'redis';

const path = `${process.cwd()}/redis.sock`;
let server;
process.on('exit', () => server?.kill());
async function start() {
  server = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--save', '']);
  await new Promise((resolve) => server.stdout.on('data', (data) => /ready to accept/i.test(data) && resolve()));
}
async function stop() {
  const ended = new Promise((resolve) => server.on('exit', resolve));
  server.kill();
  await ended;
}
// A limiter of 100 requests a minute: gives a function that sends a request and says what came.
async function limited(sendCommand, prefix) {
  const app = express();
  app.use(rateLimit({ limit: 100, store: new RedisStore({ sendCommand, prefix }) }));
  app.get('/', (request, response) => response.send(''));
  app.use((error, request, response, next) => response.status(500).send(error.message));
  const listening = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => listening.on('listening', resolve));
  return async () => {
    const response = await fetch(`http://127.0.0.1:${listening.address().port}/`);
    return `${response.status} ${(await response.text()).split(' and ')[0]}`.trim();
  };
}
const plain = createClient({ socket: { path }, disableOfflineQueue: true });
plain.on('error', () => {}).connect();
const other = new Redis(path, { enableOfflineQueue: false });
other.on('error', () => {});
const clients = {
  redis: (...command) => plain.sendCommand(command),
  ioredis: (...command) => other.call(...command),
};
const lines = { redis: [], ioredis: [] };
const early = {}, late = {};
for (const [name, send] of Object.entries(clients)) {
  early[name] = await limited(send, 'early:');
  lines[name].push(`${name}, Redis away: ${await early[name]()}`);
}
await start();
await pause(3000);
for (const [name, send] of Object.entries(clients)) {
  late[name] = await limited(send, 'late:');
  lines[name].push(`${name}, 3 s after it came: ${await early[name]()}; PING: ${await send('PING')}; ` +
    `a limiter made now: ${await late[name]()}`);
}
await stop();
await start();
await pause(3000);
for (const [name, send] of Object.entries(clients))
  lines[name].push(`${name}, away and back again: ${await early[name]()}; PING: ${await send('PING')}; ` +
    `the later limiter: ${await late[name]()}`);
console.log([...lines.redis, ...lines.ioredis].join('\n'));
process.exit();
JS

node finding.mjs 2>messages | tee seen
diff - seen <<'EXPECTED'
redis, Redis away: 500 The client is offline
redis, 3 s after it came: 500 The client is offline; PING: PONG; a limiter made now: 200
redis, away and back again: 500 The client is offline; PING: PONG; the later limiter: 200
ioredis, Redis away: 500 Stream isn't writeable
ioredis, 3 s after it came: 500 Stream isn't writeable; PING: PONG; a limiter made now: 200
ioredis, away and back again: 500 Stream isn't writeable; PING: PONG; the later limiter: 200
EXPECTED
