#!/usr/bin/env bash
# What:     ioredis 6.0.0, redis 6.3.1 and @valkey/valkey-glide 2.5.2 (npm) on Node.js 20, Redis 7.0.15: a primary that
#           hangs with its connections open (here by SIGSTOP), in a Cluster of three with replicas and behind three
#           Sentinels. The replica takes over within seconds.
# Guess:    by default options, ioredis and redis work with the new primary within five seconds of the takeover.
# Seen:     only redis with Sentinel does. In a Cluster, ioredis and redis hold what was sent and what comes later for as
#           long as the old primary hangs: without a cut and without a MOVED they never ask for the slots again.
#           valkey-glide answers with a timeout each time, eight seconds after the takeover as well. ioredis does no better
#           with Sentinel. There, a `slotsRefreshInterval` (Cluster) and `failoverDetector` (Sentinel) help. redis needs a
#           `pingInterval`, a longer `socketTimeout` and a `reconnectStrategy`: without the last of these, the timeout closes
#           the client of that primary for good. A test that kills the primary shows none of this.
# Output:   Cluster: ioredis: still waiting
#           Cluster: ioredis, slotsRefreshInterval: works
#           Cluster: redis: still waiting
#           Cluster: redis, pingInterval and socketTimeout: ClientClosedError
#           Cluster: redis, with reconnectStrategy as well: works
#           Cluster: valkey-glide: TimeoutError
#           Sentinel: ioredis: still waiting
#           Sentinel: ioredis, failoverDetector: works
#           Sentinel: redis: works
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'redis-server=5:7.0.15-*' 'redis-sentinel=5:7.0.15-*' 'redis-tools=5:7.0.15-*' \
  2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$PATH
cd "$work"
npm install --silent --no-audit --no-fund @valkey/valkey-glide@2.5.2 ioredis@6.0.0 redis@6.3.1 \
  cluster-key-slot@1.1.2 || exit 2

cat >finding.mjs <<'JS'
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { GlideClusterClient, Logger } from '@valkey/valkey-glide';
import slotOf from 'cluster-key-slot';
import Redis from 'ioredis';
import { createCluster, createSentinel } from 'redis';

const host = '127.0.0.1';
// Free ports below 28000 (a Cluster node takes the port 10000 higher, too).
let candidate = 21000 + 8 * (process.pid % 800);
async function freePort() {
  for (;;) {
    const port = candidate++;
    const probe = net.createServer();
    const isFree = await new Promise((resolve) =>
      probe.once('error', () => resolve(false)).listen(port, host, () => resolve(true)));
    if (!isFree) continue;
    await new Promise((resolve) => probe.close(resolve));
    return port;
  }
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
  return { host, port, server };
}
const ask = (port, ...words) => execFileSync('redis-cli', ['-p', `${port}`, ...words], { encoding: 'utf8' });
async function until(condition) {
  while (!condition()) await pause(100);
}
const isInSync = ({ port }) => /master_link_status:up/.test(ask(port, 'INFO', 'replication'));
const isPrimary = ({ port }) => /role:master/.test(ask(port, 'INFO', 'replication'));
const address = ({ port }) => ({ host, port });

Logger.setLoggerConfig('off');
async function cluster() {
  const nodes = [];
  for (let i = 0; i < 6; i++) nodes.push(await start(['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000']));
  execFileSync('redis-cli', ['--cluster', 'create', ...nodes.map(({ port }) => `${host}:${port}`),
    '--cluster-replicas', '1', '--cluster-yes']);
  await until(() => nodes.slice(3).every(isInSync));
  const rootNodes = nodes.map((node) => ({ socket: address(node) }));
  const socket = { socketTimeout: 1000 };
  const clients = {
    'ioredis': new Redis.Cluster(nodes.map(address)),
    'ioredis, slotsRefreshInterval': new Redis.Cluster(nodes.map(address), { slotsRefreshInterval: 1000 }),
    'redis': createCluster({ rootNodes }),
    'redis, pingInterval and socketTimeout': createCluster({ rootNodes, defaults: { pingInterval: 400, socket } }),
    'redis, with reconnectStrategy as well': createCluster({
      rootNodes, defaults: { pingInterval: 400, socket: { ...socket, reconnectStrategy: () => 200 } },
    }),
    'valkey-glide': await GlideClusterClient.createClient({ addresses: nodes.map(address), requestTimeout: 500 }),
  };
  for (const [name, client] of Object.entries(clients)) {
    if (name !== 'valkey-glide') client.on('error', () => {});
    if (name.startsWith('redis')) await client.connect();
  }
  let key = 0; // one of the first node
  while (slotOf(`${key}`) > 5000) key++;
  const oldId = ask(nodes[0].port, 'CLUSTER', 'MYID').trim();
  const replica = nodes.find(({ port }) => port !== nodes[0].port && ask(port, 'CLUSTER', 'NODES').split('\n')
    .some((line) => line.includes('myself,slave') && line.includes(oldId)));
  return { clients, key: `${key}`, primary: nodes[0], replica };
}
async function sentinels() {
  const primary = await start([]);
  const replica = await start(['--replicaof', `${host} ${primary.port}`]);
  await until(() => isInSync(replica));
  const conf = `sentinel monitor main ${host} ${primary.port} 2\nsentinel down-after-milliseconds main 1500\n`;
  const watching = [];
  for (let i = 0; i < 3; i++) watching.push(await start([], conf));
  await until(() => watching.every(({ port }) => {
    const state = ask(port, 'INFO', 'sentinel');
    return /slaves=1,sentinels=3/.test(state);
  }));
  const where = { sentinels: watching.map(address), name: 'main' };
  const clients = {
    'ioredis': new Redis(where),
    'ioredis, failoverDetector': new Redis({ ...where, failoverDetector: true }),
    'redis': createSentinel({ name: 'main', sentinelRootNodes: watching.map(address) }),
  };
  for (const client of Object.values(clients)) client.on('error', () => {});
  await clients.redis.connect();
  return { clients, key: 'key', primary, replica };
}
async function failOver(what, { clients, key, primary, replica }) {
  for (const client of Object.values(clients)) await client.set(key, 'value');
  await pause(1000);
  primary.server.kill('SIGSTOP');
  const get = (client) => client.get(key).then(() => 'works', (error) => error.constructor.name);
  for (const client of Object.values(clients)) get(client);
  await until(() => isPrimary(replica));
  await pause(8000);
  const lines = [];
  for (const [name, client] of Object.entries(clients))
    lines.push(`${what}: ${name}: ${await Promise.race([get(client), pause(2000, 'still waiting')])}`);
  return lines;
}
const outcomes = await Promise.all([
  cluster().then((all) => failOver('Cluster', all)), sentinels().then((all) => failOver('Sentinel', all)),
]);
console.log(outcomes.flat().join('\n'));
process.exit();
JS

node finding.mjs 2>messages | tee seen
diff - seen <<'EXPECTED'
Cluster: ioredis: still waiting
Cluster: ioredis, slotsRefreshInterval: works
Cluster: redis: still waiting
Cluster: redis, pingInterval and socketTimeout: ClientClosedError
Cluster: redis, with reconnectStrategy as well: works
Cluster: valkey-glide: TimeoutError
Sentinel: ioredis: still waiting
Sentinel: ioredis, failoverDetector: works
Sentinel: redis: works
EXPECTED
