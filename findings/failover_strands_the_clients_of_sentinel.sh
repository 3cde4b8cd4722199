#!/usr/bin/env bash
# What:     Redis 7.0.15 (Debian 12) with one replica and three Sentinels, ioredis 6.0.0 and redis 6.3.1 (npm) on Node.js
#           20: a change of the primary by the command FAILOVER, which stops the writers until the replica has everything.
# Guess:    ioredis and redis write to the new primary within ten seconds: Sentinel sees the new roles.
# Seen:     FAILOVER itself takes less than a second. But it cuts no connection, and Sentinel holds on to the old primary,
#           now a replica, for more than twenty seconds before it takes it for failed and follows; until then it sends
#           every client there. Each write is answered READONLY in all that time. redis then works; ioredis stays where it
#           is, since READONLY is to it an error of the command and no reason to ask again, unless `reconnectOnError` says so.
#           Where Sentinel watches, FAILOVER is not the gentle way.
# Output:   roles changed within 2 s: true
#           writes after 10 s: ioredis: READONLY; ioredis, reconnectOnError: READONLY; redis: READONLY
#           Sentinel names the new primary after 15 to 40 s: true
#           writes 2 s later: ioredis: READONLY; ioredis, reconnectOnError: OK; redis: OK
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'redis-server=5:7.0.15-*' 'redis-sentinel=5:7.0.15-*' 'redis-tools=5:7.0.15-*' \
  2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$PATH
cd "$work"
npm install --silent --no-audit --no-fund ioredis@6.0.0 redis@6.3.1 || exit 2

cat >finding.mjs <<'JS'
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import Redis from 'ioredis';
import { createSentinel } from 'redis';

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
async function start(options, sentinelConf) {
  const port = await freePort();
  mkdirSync(`${port}`);
  const common = ['--port', `${port}`, '--bind', host, '--dir', `${process.cwd()}/${port}`];
  if (sentinelConf) writeFileSync(`${port}/sentinel.conf`, sentinelConf);
  const server = sentinelConf
    ? spawn('redis-sentinel', [`${port}/sentinel.conf`, ...common])
    : spawn('redis-server', [...common, '--save', '', '--repl-diskless-sync-delay', '0', ...options]);
  servers.push(server);
  await new Promise((resolve) => server.stdout.on('data', (data) => /ready to accept|Sentinel ID/i.test(data) && resolve()));
  return { host, port, control: new Redis(port, host) };
}
async function until(condition) {
  while (!(await condition())) await pause(50);
}
const isPrimary = async ({ control }) => /role:master/.test(await control.info('replication'));

const old = await start([]);
const replica = await start(['--replicaof', `${host} ${old.port}`]);
await until(async () => /master_link_status:up/.test(await replica.control.info('replication')));
const watching = [];
for (let i = 0; i < 3; i++)
  watching.push(await start([], `sentinel monitor main ${host} ${old.port} 2\nsentinel down-after-milliseconds main 1500\n`));
await until(async () => {
  for (const { control } of watching)
    if (!/slaves=1,sentinels=3/.test(await control.info('sentinel'))) return false;
  return true;
});
const sentinels = watching.map(({ port }) => ({ host, port }));
const clients = {
  'ioredis': new Redis({ sentinels, name: 'main' }),
  'ioredis, reconnectOnError': new Redis({
    sentinels, name: 'main', reconnectOnError: ({ message }) => message.startsWith('READONLY'),
  }),
  'redis': createSentinel({ name: 'main', sentinelRootNodes: sentinels }),
};
for (const client of Object.values(clients)) client.on('error', () => {});
await clients.redis.connect();
async function writes() {
  const outcomes = [];
  for (const [name, client] of Object.entries(clients)) {
    const outcome = await Promise.race([
      client.set('key', 'value').catch(({ message }) => message.split(' ')[0]), pause(3000, 'no answer'),
    ]);
    outcomes.push(`${name}: ${outcome}`);
  }
  return outcomes.join('; ');
}
if (/READONLY|no answer/.test(await writes())) throw new Error('no writes before');

const began = Date.now();
await old.control.call('FAILOVER');
await until(async () => (await isPrimary(replica)) && !(await isPrimary(old)));
console.log(`roles changed within 2 s: ${Date.now() - began < 2000}`);
await pause(10_000);
console.log(`writes after 10 s: ${await writes()}`);
await until(async () => {
  const [, port] = await watching[0].control.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'main');
  return Number(port) === replica.port;
});
const seconds = (Date.now() - began) / 1000;
console.error(`Sentinel: after ${seconds} s`);
console.log(`Sentinel names the new primary after 15 to 40 s: ${seconds > 15 && seconds < 40}`);
await pause(1000);
await writes();
await pause(1000);
console.log(`writes 2 s later: ${await writes()}`);
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
roles changed within 2 s: true
writes after 10 s: ioredis: READONLY; ioredis, reconnectOnError: READONLY; redis: READONLY
Sentinel names the new primary after 15 to 40 s: true
writes 2 s later: ioredis: READONLY; ioredis, reconnectOnError: OK; redis: OK
EXPECTED
