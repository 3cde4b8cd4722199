#!/usr/bin/env bash
# What:     ioredis 6.0.0 and redis 6.3.1 (npm) on Node.js 20, python3-redis 4.3.4 (Debian 12), Redis 7.0.15: WATCH and
#           GET, a cut of the connection, another client's SET, then MULTI, SET and EXEC, as in a read-modify-write of a
#           session.
# Guess:    each client knows that the watch went with the connection: EXEC is null or an error, and nothing is
#           overwritten.
# Seen:     redis and python3-redis do. ioredis connects again, selects its database and restores its subscriptions, but
#           not the WATCH, and carries out the transaction without it: EXEC answers OK and the other client's value is
#           gone. What is safe against concurrent writers is not safe against a network that drops idle connections. A
#           script (EVAL) that compares and sets has no such gap.
# Output:   ioredis: OK, the other's value is overwritten
#           redis: Error: Client reconnected after WATCH, the other's value stays
#           python3-redis: WatchError, the other's value stays
set -euo pipefail
python=/usr/bin/python3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'redis-server=5:7.0.15-*' 'redis-tools=5:7.0.15-*' python3-redis=4.3.4-3 \
  2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$PATH
cd "$work"
npm install --silent --no-audit --no-fund ioredis@6.0.0 redis@6.3.1 || exit 2

cat >finding.py <<'PY'
import sys
import types

sys.modules.setdefault("async_timeout", types.ModuleType("async_timeout"))  # asyncio only
import redis

path = sys.argv[1]
client, other = (redis.Redis(unix_socket_path=path) for _ in range(2))
with client.pipeline() as pipeline:
    pipeline.watch("key")
    value = int(pipeline.get("key"))
    other.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    other.set("key", 100)
    try:
        pipeline.multi()
        pipeline.set("key", value + 1)
        print(pipeline.execute(), end="")
    except redis.WatchError as error:
        print(type(error).__name__, end="")
PY
cat >finding.mjs <<'JS'
import { execFileSync, spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import Redis from 'ioredis';
import { createClient } from 'redis';

const path = `${process.cwd()}/socket`;
const server = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--save', '']);
process.on('exit', () => server.kill('SIGKILL'));
await new Promise((resolve) => server.stdout.on('data', (data) => /ready to accept/i.test(data) && resolve()));
const other = new Redis(path).on('error', () => {});
async function transaction(client) {
  await client.watch('key');
  const value = Number(await client.get('key'));
  await other.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await other.set('key', 100);
  await pause(500);
  return client.multi().set('key', `${value + 1}`).exec().then((replies) => replies.flat().join(''), (error) => `${error}`);
}
async function report(name, run) {
  await other.set('key', 1);
  const result = await run();
  console.log(`${name}: ${result}, the other's value ${(await other.get('key')) === '100' ? 'stays' : 'is overwritten'}`);
}
const ioredis = new Redis(path);
await ioredis.ping();
await report('ioredis', () => transaction(ioredis));
const redis = await createClient({ socket: { path } }).on('error', () => {}).connect();
await report('redis', () => transaction(redis));
await report('python3-redis', () => execFileSync(process.argv[2], ['finding.py', path], { encoding: 'utf8' }));
process.exit();
JS

PYTHONPATH=$work/usr/lib/python3/dist-packages node finding.mjs "$python" | tee seen
diff - seen <<'EXPECTED'
ioredis: OK, the other's value is overwritten
redis: Error: Client reconnected after WATCH, the other's value stays
python3-redis: WatchError, the other's value stays
EXPECTED
