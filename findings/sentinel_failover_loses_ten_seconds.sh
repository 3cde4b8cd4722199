#!/usr/bin/env bash
# What:     Redis 7.0.15 (Debian 12) with one replica and three Sentinels, ioredis 6.0.0 and redis 6.3.1 (npm) on Node.js
#           20: a planned change of the primary by `SENTINEL FAILOVER`, all being well, under a steady flow of INCRs.
# Guess:    each client follows within two seconds, and of the INCRs that were acknowledged at most those of one second are
#           missing afterwards.
# Seen:     Sentinel makes the replica a primary, says so at once, and leaves the old one a primary for ten seconds more; its
#           connections are cut only then. A client that stays, as ioredis does by default, writes to it for these ten
#           seconds, is answered as ever, and all of it is lost. With `failoverDetector` ioredis follows with what Sentinel
#           publishes, as redis does; these lose about a second. Sessions, counters and keys of idempotency written within
#           that time are gone though the client has its OK. With `min-replicas-to-write 1` on the old primary no more than
#           one was lost: it refuses writes for these ten seconds.
# Output:   two primaries for 5 s or more: true
#           ioredis: more than 5 s of acknowledged writes missing, 0 errors
#           ioredis, failoverDetector: less than 3 s of acknowledged writes missing, 0 errors
#           redis: less than 3 s of acknowledged writes missing, 0 errors
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
  'ioredis, failoverDetector': new Redis({ sentinels, name: 'main', failoverDetector: true }),
  'redis': createSentinel({ name: 'main', sentinelRootNodes: sentinels }),
};
for (const client of Object.values(clients)) client.on('error', () => {});
await clients.redis.connect();

const interval = 10;
let stopped = false;
async function count(name, client) {
  const tally = { acknowledged: [], errors: 0 };
  while (!stopped) {
    await client.incr(name).then(() => tally.acknowledged.push(Date.now()), () => tally.errors++);
    await pause(interval);
  }
  return tally;
}
const tallies = Promise.all(Object.entries(clients).map(([name, client]) => count(name, client)));
await pause(1000);
await watching[0].control.call('SENTINEL', 'FAILOVER', 'main');
await until(() => isPrimary(replica));
const bothSince = Date.now();
await until(async () => !(await isPrimary(old)));
console.log(`two primaries for 5 s or more: ${Date.now() - bothSince > 5000}`);
await pause(4000);
stopped = true;
const results = await tallies;
for (const [i, name] of Object.keys(clients).entries()) {
  const { acknowledged, errors } = results[i];
  const missing = acknowledged.length - Number(await replica.control.get(name));
  // In seconds, by the pace at which this client wrote.
  const seconds = missing * (acknowledged.at(-1) - acknowledged[0]) / acknowledged.length / 1000;
  const amount = seconds > 5 ? 'more than 5 s' : seconds < 3 ? 'less than 3 s' : `${seconds} s`;
  console.error(`${name}: ${acknowledged.length} acknowledged, ${missing} missing`);
  console.log(`${name}: ${amount} of acknowledged writes missing, ${errors} errors`);
}
process.exit();
JS

node finding.mjs 2>messages | tee seen
cat messages >&2
diff - seen <<'EXPECTED'
two primaries for 5 s or more: true
ioredis: more than 5 s of acknowledged writes missing, 0 errors
ioredis, failoverDetector: less than 3 s of acknowledged writes missing, 0 errors
redis: less than 3 s of acknowledged writes missing, 0 errors
EXPECTED
