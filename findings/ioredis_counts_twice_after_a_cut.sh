#!/usr/bin/env bash
# What:     ioredis 6.0.0 and redis 6.3.1 (npm) on Node.js 20, Redis 7.0.15: a connection that is cut after the server has
#           carried out INCR, before the reply arrives.
# Guess:    both clients report an error, since neither can know whether the command was carried out.
# Seen:     `redis` does. ioredis reconnects and sends the command again, with no word about it: one call of incr() adds two
#           (option autoResendUnfulfilledCommands, true by default). Counters, LPUSH and rate limits are wrong after each
#           cut. With that option false the call is settled by nothing but a commandTimeout: what is not idempotent
#           needs both.
# Output:   redis: SocketClosedUnexpectedlyError, the counter is 1
#           ioredis: 2, the counter is 2
#           ioredis without resending: Command timed out, the counter is 1
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'redis-server=5:7.0.15-*' 'redis-tools=5:7.0.15-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$work/usr/sbin:$PATH
cd "$work"
npm install --silent --no-audit --no-fund ioredis@6.0.0 redis@6.3.1

cat >finding.mjs <<'JS'
import { spawn } from 'node:child_process';
import net from 'node:net';
import Redis from 'ioredis';
import { createClient } from 'redis';

const socket = `${process.cwd()}/redis.sock`;
const server = spawn('redis-server', ['--port', '0', '--unixsocket', socket, '--save', '']);
process.on('exit', () => server.kill());
await new Promise((resolve) => server.stdout.on('data', (data) => /ready to accept/i.test(data) && resolve()));

// Between client and server: cuts the first connection on which INCR was sent, when its reply has come from the server.
async function cuttingProxy() {
  let wasCut = false;
  const proxy = net.createServer((client) => {
    const upstream = net.connect(socket);
    let cutsNext = false;
    client.on('data', (data) => {
      if (!wasCut && /incr/i.test(data)) cutsNext = wasCut = true;
      upstream.write(data);
    });
    upstream.on('data', (data) => (cutsNext ? client.destroy() : client.write(data)));
    for (const [one, other] of [[client, upstream], [upstream, client]])
      one.on('error', () => {}).on('close', () => other.destroy());
  });
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return proxy.address().port;
}
const direct = new Redis(socket);
const report = async (name, key, outcome) =>
  console.log(`${name}: ${outcome}, the counter is ${await direct.get(key)}`);

const plain = createClient({ url: `redis://127.0.0.1:${await cuttingProxy()}` });
plain.on('error', () => {});
await plain.connect();
await report('redis', 'a', await plain.incr('a').catch((error) => error.constructor.name));

const resending = new Redis(await cuttingProxy(), '127.0.0.1');
await resending.ping();
await report('ioredis', 'b', await resending.incr('b').catch((error) => error.message));

const careful = new Redis(await cuttingProxy(), '127.0.0.1', {
  autoResendUnfulfilledCommands: false, commandTimeout: 1000,
});
await careful.ping();
await report('ioredis without resending', 'c', await careful.incr('c').catch((error) => error.message));
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
redis: SocketClosedUnexpectedlyError, the counter is 1
ioredis: 2, the counter is 2
ioredis without resending: Command timed out, the counter is 1
EXPECTED
