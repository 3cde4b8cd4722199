#!/usr/bin/env bash
# What:     ioredis 6.0.0 and redis 6.3.1 (npm) on Node.js 20, Redis 7.0.15: a client that starts while the first of three
#           Sentinels, or one of a Cluster's three primaries, hangs with its port open (here by SIGSTOP), by default
#           options. The command is for a key that the hung node does not hold.
# Guess:    after its connect timeout the client asks the next one: the command is answered within ten seconds.
# Seen:     with Sentinel, ioredis waits for the reply of the first one without an end, though two are well: the timeout
#           for connecting is met, since the kernel accepts the connection, and there is none for the reply
#           (`sentinelCommandTimeout`). In a Cluster it depends on chance: the readiness check asks any one of the
#           primaries, once, and of 20 clients several never get ready. redis waits without an end in both, and in a
#           Cluster for whichever node hangs, be it among the root nodes or not, since connect() waits for all of them; it
#           takes `socketTimeout` and `minimizeConnections`. Pods that start while one node hangs do not get ready. A test
#           that kills the node shows none of this.
# Output:   Sentinel: ioredis: still waiting
#           Sentinel: ioredis, sentinelCommandTimeout: works
#           Sentinel: redis: still waiting
#           Sentinel: redis, socketTimeout: works
#           Cluster: 20 times ioredis: some work, some are still waiting
#           Cluster: ioredis, enableReadyCheck: false: works
#           Cluster: redis: still waiting
#           Cluster: redis, other root nodes: still waiting
#           Cluster: redis, other root nodes, minimizeConnections: works
#           Cluster: redis, socketTimeout, minimizeConnections: works
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
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import Redis from 'ioredis';
import { createCluster, createSentinel } from 'redis';

const host = '127.0.0.1';
async function freePort() {
  const probe = net.createServer();
  await new Promise((resolve) => probe.listen(0, host, resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port < 50_000 ? port : freePort(); // a Cluster's bus has the port 10000 above
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
    : spawn('redis-server', [...common, '--save', '', ...options]);
  servers.push(server);
  await new Promise((resolve) => server.stdout.on('data', (data) => /ready to accept|Sentinel ID/i.test(data) && resolve()));
  return { port, server, control: new Redis(port, host).on('error', () => {}) };
}
async function until(condition) {
  while (!(await condition())) await pause(50);
}
const primary = await start([]);
const watching = [], nodes = [];
for (let i = 0; i < 3; i++) {
  watching.push(await start([], `sentinel monitor main ${host} ${primary.port} 2\nsentinel down-after-milliseconds main 60000\n`));
  // Without a failover, so that nothing but the client can find a way.
  nodes.push(await start(['--cluster-enabled', 'yes', '--cluster-node-timeout', '60000']));
}
const addresses = nodes.map(({ port }) => `${host}:${port}`);
execFileSync('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes']);
await until(async () => {
  for (const { control } of watching) if (!/sentinels=3/.test(await control.info('sentinel'))) return false;
  for (const { control } of nodes) if (!/cluster_state:ok/.test(await control.cluster('INFO'))) return false;
  return true;
});
const others = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => `key${number}`);
const slots = await Promise.all(others.map((name) => nodes[0].control.cluster('KEYSLOT', name)));
const key = others[slots.findIndex((slot) => slot > 5460)]; // the first node has the slots up to 5460
watching[0].server.kill('SIGSTOP');
nodes[0].server.kill('SIGSTOP');

const sentinels = watching.map(({ port }) => ({ host, port }));
const seeds = nodes.map(({ port }) => ({ host, port }));
const rootNodes = seeds.map((socket) => ({ socket }));
const timeout = { socket: { socketTimeout: 1000 } };
const begun = (client) => client.connect().then(() => client.set(key, 'value'));
const quiet = (client) => client.on('error', () => {});
const cases = {
  'Sentinel: ioredis': () => quiet(new Redis({ sentinels, name: 'main' })).set(key, 'value'),
  'Sentinel: ioredis, sentinelCommandTimeout': () =>
    quiet(new Redis({ sentinels, name: 'main', sentinelCommandTimeout: 1000 })).set(key, 'value'),
  'Sentinel: redis': () => begun(quiet(createSentinel({ name: 'main', sentinelRootNodes: sentinels }))),
  'Sentinel: redis, socketTimeout': () =>
    begun(quiet(createSentinel({ name: 'main', sentinelRootNodes: sentinels, sentinelClientOptions: timeout }))),
  'Cluster: 20 times ioredis': async () => {
    const answered = (client) => client.set(key, 'value').then(() => true, () => false);
    const all = await Promise.all(Array.from({ length: 20 }, () => Promise.race([answered(quiet(new Redis.Cluster(seeds))), pause(14_000)])));
    return all.every(Boolean) ? 'all work' : all.some(Boolean) ? 'some work, some are still waiting' : 'none works';
  },
  'Cluster: ioredis, enableReadyCheck: false': () => quiet(new Redis.Cluster(seeds, { enableReadyCheck: false })).set(key, 'value'),
  'Cluster: redis': () => begun(quiet(createCluster({ rootNodes }))),
  'Cluster: redis, other root nodes': () => begun(quiet(createCluster({ rootNodes: rootNodes.slice(1) }))),
  'Cluster: redis, other root nodes, minimizeConnections': () =>
    begun(quiet(createCluster({ rootNodes: rootNodes.slice(1), minimizeConnections: true }))),
  'Cluster: redis, socketTimeout, minimizeConnections': () =>
    begun(quiet(createCluster({ rootNodes, defaults: timeout, minimizeConnections: true }))),
};
const lines = await Promise.all(Object.entries(cases).map(async ([name, run]) => {
  const result = run().then((reply) => (reply === 'OK' ? 'works' : reply), (error) => `${error}`);
  return `${name}: ${await Promise.race([result, pause(16_000, 'still waiting')])}`;
}));
console.log(lines.join('\n'));
process.exit();
JS

node finding.mjs 2>messages | tee seen
diff - seen <<'EXPECTED'
Sentinel: ioredis: still waiting
Sentinel: ioredis, sentinelCommandTimeout: works
Sentinel: redis: still waiting
Sentinel: redis, socketTimeout: works
Cluster: 20 times ioredis: some work, some are still waiting
Cluster: ioredis, enableReadyCheck: false: works
Cluster: redis: still waiting
Cluster: redis, other root nodes: still waiting
Cluster: redis, other root nodes, minimizeConnections: works
Cluster: redis, socketTimeout, minimizeConnections: works
EXPECTED
