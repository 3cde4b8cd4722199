#!/usr/bin/env bash
# What:     ioredis 6.0.0 and redis 6.3.1 (npm) on Node.js 20, python3-redis 4.3.4 and redis-cli 7.0.15 (Debian 12): a
#           Cluster of Redis 7.0.15 whose nodes have `cluster-preferred-endpoint-type unknown-endpoint`, which is for
#           nodes behind one address that they do not know, as with a port forward: MOVED then names a port alone, CLUSTER
#           SLOTS has null.
# Guess:    all follow, with the address by which they came: so says the documentation of Redis 7.0.
# Seen:     redis and python3-redis do. For ioredis the nodes have no address, and no command is ever answered or refused.
#           Nor does redis-cli of the same version follow: `-c` looks for a host of no name. (`--cluster` commands ask
#           CLUSTER NODES, which has the addresses.) Which endpoints a Cluster names is thus a question for each of its
#           clients.
# Output:   ioredis: still waiting
#           ioredis, natMap: still waiting
#           redis: works
#           python3-redis: works
#           redis-cli -c: Could not connect to Redis at :PORT: Name or service not known
set -euo pipefail
python=/usr/bin/python3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'redis-server=5:7.0.15-*' 'redis-tools=5:7.0.15-*' python3-redis=4.3.4-3 \
  python3-packaging python3-async-timeout python3-deprecated python3-wrapt 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$PATH
cd "$work"
npm install --silent --no-audit --no-fund ioredis@6.0.0 redis@6.3.1 || exit 2

cat >finding.mjs <<'JS'
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import Redis from 'ioredis';
import { createCluster } from 'redis';

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
async function start() {
  const port = await freePort();
  mkdirSync(`${port}`);
  const server = spawn('redis-server', ['--port', `${port}`, '--bind', host, '--dir', `${process.cwd()}/${port}`,
    '--save', '', '--cluster-enabled', 'yes', '--cluster-preferred-endpoint-type', 'unknown-endpoint']);
  servers.push(server);
  await new Promise((resolve) => server.stdout.on('data', (data) => /ready to accept/i.test(data) && resolve()));
  return { port, control: new Redis(port, host) };
}
const nodes = [await start(), await start(), await start()];
execFileSync('redis-cli', ['--cluster', 'create', ...nodes.map(({ port }) => `${host}:${port}`), '--cluster-yes']);
for (const { control } of nodes) while (!/cluster_state:ok/.test(await control.cluster('INFO'))) await pause(50);

const { port } = nodes[0];
const natMap = Object.fromEntries(nodes.map((node) => [`:${node.port}`, { host, port: node.port }]));
const keys = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => `key${number}`);
async function setAll(client) {
  for (const key of keys) if ((await client.set(key, 'value')) !== 'OK') throw new Error(key);
}
const ioredis = (options) => setAll(new Redis.Cluster([{ host, port }], options).on('error', () => {}));
const run = (file, ...args) => execFileSync(file, args, { encoding: 'utf8', stdio: 'pipe' });
const cases = {
  'ioredis': () => ioredis({}),
  'ioredis, natMap': () => ioredis({ natMap }),
  'redis': async () => setAll(await createCluster({ rootNodes: [{ socket: { host, port } }] }).on('error', () => {}).connect()),
  'python3-redis': async () => run(process.argv[2], '-c', `from redis.cluster import RedisCluster
client = RedisCluster("${host}", ${port})
assert all([client.set(key, "value") for key in "${keys.join(' ')}".split()])`),
  'redis-cli -c': async () => keys.map((key) => run('redis-cli', '-c', '-h', host, '-p', `${port}`, 'SET', key, 'value')),
};
for (const [name, attempt] of Object.entries(cases)) {
  const result = attempt().then(() => 'works', (error) => `${error.stderr ?? error}`.trim().replace(/:\d+:/, ':PORT:'));
  console.log(`${name}: ${await Promise.race([result, pause(12_000, 'still waiting')])}`);
}
process.exit();
JS

PYTHONPATH=$work/usr/lib/python3/dist-packages node finding.mjs "$python" | tee seen
diff - seen <<'EXPECTED'
ioredis: still waiting
ioredis, natMap: still waiting
redis: works
python3-redis: works
redis-cli -c: Could not connect to Redis at :PORT: Name or service not known
EXPECTED
