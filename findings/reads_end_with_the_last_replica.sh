#!/usr/bin/env bash
# What:     ioredis 6.0.0 and redis 6.3.1 (npm) on Node.js 20, Redis 7.0.15: a client that reads from replicas (in ioredis
#           `role: 'slave'` or `scaleReads: 'slave'`, in redis `replicaPoolSize` or `useReplicas`), with Sentinel and in a
#           Cluster, when the only replica has ended and the primary is well.
# Guess:    reads go to the primary then, at the latest after some seconds: reading from replicas is there to spare it.
# Seen:     in a Cluster they do. With Sentinel, ioredis gives no answer and no error for as long as there is no
#           replica, and redis rejects each read with "no replicas available for read"; writes work. Two servers, made so that one
#           may fail, serve no reads when the spare one does; a client made anew does no better. With Sentinel, who reads from
#           replicas needs two of them, or a second client of the primary as a way out.
# Output:   Sentinel: ioredis: no answer in 9 s; a new client: no answer in 9 s
#           Sentinel: redis: Error: no replicas available for read; a new client: Error: no replicas available for read
#           Cluster: ioredis: value; a new client: value
#           Cluster: redis: value; a new client: value
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
    : spawn('redis-server', [...common, '--save', '', '--repl-diskless-sync-delay', '0', ...options]);
  servers.push(server);
  await new Promise((resolve) => server.stdout.on('data', (data) => /ready to accept|Sentinel ID/i.test(data) && resolve()));
  return { host, port, server, control: new Redis(port, host).on('error', () => {}) };
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
await old.control.set('key', 'value');

const nodes = [];
for (let i = 0; i < 6; i++) nodes.push(await start(['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000']));
const addresses = nodes.map(({ port }) => `${host}:${port}`);
execFileSync('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes']);
const replicas = [];
for (const node of nodes) {
  await until(async () => /cluster_state:ok/.test(await node.control.cluster('INFO')));
  await until(async () => (await node.control.cluster('NODES')).match(/\bslave /g)?.length === 3);
  if ((await node.control.role())[0] === 'slave') replicas.push(node);
}
const seeds = nodes.map(({ port }) => ({ host, port }));
const quiet = (client) => client.on('error', () => {});
await quiet(new Redis.Cluster(seeds)).set('key', 'value');
await pause(500);

const makers = {
  'Sentinel: ioredis': async () => quiet(new Redis({ sentinels, name: 'main', role: 'slave' })),
  'Sentinel: redis': async () => quiet(createSentinel({ name: 'main', sentinelRootNodes: sentinels, replicaPoolSize: 1 })).connect(),
  'Cluster: ioredis': async () => quiet(new Redis.Cluster(seeds, { scaleReads: 'slave' })),
  'Cluster: redis': async () => quiet(createCluster({ rootNodes: seeds.map((socket) => ({ socket })), useReplicas: true })).connect(),
};
const clients = {};
for (const [name, make] of Object.entries(makers)) {
  clients[name] = await make();
  if ((await clients[name].get('key')) !== 'value') throw new Error(name);
}
for (const { server } of [replica, ...replicas]) server.kill('SIGKILL');
await pause(5000); // longer than any takeover
// Errors are repeated: some reads of a client that has to find out about the change may fail.
async function attempts(client) {
  for (const until = Date.now() + 6000; ; await pause(500)) {
    const result = await client.then((one) => one.get('key')).catch((error) => `${error}`);
    if (result === 'value' || Date.now() > until) return result;
  }
}
const read = (client) => Promise.race([attempts(client), pause(9_000, 'no answer in 9 s')]);
const lines = await Promise.all(Object.entries(makers).map(async ([name, make]) =>
  `${name}: ${await read(Promise.resolve(clients[name]))}; a new client: ${await read(make())}`));
console.log(lines.join('\n'));
process.exit();
JS

node finding.mjs 2>messages | tee seen
diff - seen <<'EXPECTED'
Sentinel: ioredis: no answer in 9 s; a new client: no answer in 9 s
Sentinel: redis: Error: no replicas available for read; a new client: Error: no replicas available for read
Cluster: ioredis: value; a new client: value
Cluster: redis: value; a new client: value
EXPECTED
