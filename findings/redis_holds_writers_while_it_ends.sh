#!/usr/bin/env bash
# What:     Redis 7.0.15 (Debian 12) with one replica and ioredis 6.0.0 (npm) on Node.js 20: a primary that gets SIGTERM,
#           as on a restart of its service, while the replica is behind (here it hangs, by SIGSTOP), and what its clients
#           see.
# Guess:    the server ends within a second or two, and a write fails at once with the connection, so that a client can go
#           elsewhere.
# Seen:     since 7.0 it first waits for its replicas, for ten seconds (`shutdown-timeout`), and all that time each write
#           is held without an answer, while reads and PING are answered as ever: neither a health check nor a Sentinel
#           sees anything. Then the connections close, and the replica has got nothing. With a client whose limit for a
#           command is longer, every request that writes is ten seconds late at each such restart. A replica that has all
#           costs no time. `shutdown-timeout 0` is the former behaviour.
# Output:   replica is up to date: ended within 4 s
#           replica is behind: ended after 9 s or more; write: held until then; read, PING: answered
#           replica is behind, shutdown-timeout 0: ended within 4 s
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'redis-server=5:7.0.15-*' 'redis-tools=5:7.0.15-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$PATH
cd "$work"
npm install --silent --no-audit --no-fund ioredis@6.0.0 || exit 2

cat >finding.mjs <<'JS'
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import Redis from 'ioredis';

const host = '127.0.0.1';
async function freePort() {
  const probe = net.createServer();
  await new Promise((resolve) => probe.listen(0, host, resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
const servers = [];
process.on('exit', () => servers.forEach((server) => server.kill('SIGKILL')));
const connect = (port) => new Redis(port, host, { retryStrategy: null }).on('error', () => {});
async function start(...options) {
  const port = await freePort();
  mkdirSync(`${port}`);
  const server = spawn('redis-server', ['--port', `${port}`, '--bind', host, '--dir', `${process.cwd()}/${port}`, '--save', '',
    '--repl-diskless-sync-delay', '0', ...options]);
  servers.push(server);
  await new Promise((resolve) => server.stdout.on('data', (data) => /ready to accept/i.test(data) && resolve()));
  return { port, server };
}
async function observe(what, behind, ...options) {
  const primary = await start(...options);
  const replica = await start('--replicaof', `${host} ${primary.port}`);
  const control = connect(replica.port);
  while (!/master_link_status:up/.test(await control.info('replication'))) await pause(50);
  const [writer, reader] = [connect(primary.port), connect(primary.port)];
  await writer.set('key', 'value');
  await writer.wait(1, 5000);
  if (behind) {
    replica.server.kill('SIGSTOP');
    await writer.set('key', 'newer');
  }
  await reader.ping();
  const began = Date.now();
  const ended = new Promise((resolve) => primary.server.on('exit', () => resolve(Date.now() - began)));
  primary.server.kill('SIGTERM');
  await pause(200);
  if (!behind || options.length) return `${what}: ended ${(await ended) < 4000 ? 'within 4 s' : 'later'}`;
  const held = writer.set('key', 'last').then(() => 'OK', () => 'held until then');
  const answers = await Promise.all([reader.get('key'), reader.ping()]);
  if (answers.join() !== 'newer,PONG') throw new Error(answers);
  const late = (await ended) >= 9000 ? 'after 9 s or more' : 'sooner';
  return `${what}: ended ${late}; write: ${await held}; read, PING: answered`;
}
const lines = await Promise.all([
  observe('replica is up to date', false),
  observe('replica is behind', true),
  observe('replica is behind, shutdown-timeout 0', true, '--shutdown-timeout', '0'),
]);
console.log(lines.join('\n'));
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
replica is up to date: ended within 4 s
replica is behind: ended after 9 s or more; write: held until then; read, PING: answered
replica is behind, shutdown-timeout 0: ended within 4 s
EXPECTED
