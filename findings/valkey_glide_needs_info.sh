#!/usr/bin/env bash
# What:     @valkey/valkey-glide 2.5.2, ioredis 6.0.0 and redis 6.3.1 (npm) on Node.js 20, Redis
#           7.0.15: a user with the least rights for its work, GET and SET on some keys.
# Guess:    all three connect and work: what a client asks for itself on connecting is a courtesy,
#           and it goes on when it is refused.
# Seen:     so it is with ioredis, which goes on after a warning that it may not INFO, and with
#           redis. valkey-glide does not connect at all: it has to know the server's role, and asks
#           by INFO. A user for all three needs +info. Who writes a client had better take a refused
#           INFO or ROLE for "unknown", and who writes the rights has to know the clients.
# Output:   +get +set: ioredis works; redis works; valkey-glide: ClosingError, NOPERM info
#           +get +set +info: ioredis works; redis works; valkey-glide works
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'redis-server=5:7.0.15-*' 'redis-tools=5:7.0.15-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$PATH
cd "$work"
npm install --silent --no-audit --no-fund @valkey/valkey-glide@2.5.2 ioredis@6.0.0 redis@6.3.1

cat >finding.mjs <<'JS'
import { spawn } from 'node:child_process';
import net from 'node:net';
import { GlideClient, Logger } from '@valkey/valkey-glide';
import Redis from 'ioredis';
import { createClient } from 'redis';

const free = net.createServer();
await new Promise((resolve) => free.listen(0, '127.0.0.1', resolve));
const { port } = free.address();
await new Promise((resolve) => free.close(resolve));
const server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '']);
process.on('exit', () => server.kill());
await new Promise((resolve) => server.stdout.on('data', (data) => /ready to accept/i.test(data) && resolve()));

const admin = new Redis(port, '127.0.0.1');
const [username, password] = ['application', 'a password of this script alone'];
console.warn = () => {};
Logger.setLoggerConfig('off');
const clients = {
  'ioredis': async () => {
    const client = new Redis({ port, username, password, retryStrategy: () => null });
    await client.set('app:a', '1');
    return client.get('app:a');
  },
  'redis': async () => {
    const client = createClient({ socket: { port, host: '127.0.0.1' }, username, password });
    await client.on('error', () => {}).connect();
    await client.set('app:a', '1');
    return client.get('app:a');
  },
  'valkey-glide': async () => {
    const addresses = [{ host: '127.0.0.1', port }];
    const client = await GlideClient.createClient({ addresses, credentials: { username, password } });
    await client.set('app:a', '1');
    return client.get('app:a');
  },
};
for (const rights of [['+get', '+set'], ['+get', '+set', '+info']]) {
  await admin.call('ACL', 'SETUSER', username, 'reset', 'on', `>${password}`, '~app:*', ...rights);
  const outcomes = [];
  for (const [name, use] of Object.entries(clients)) {
    await admin.call('ACL', 'LOG', 'RESET');
    const error = await use().then(() => null, (error) => error);
    if (!error) {
      outcomes.push(`${name} works`);
      continue;
    }
    const [entry] = await admin.call('ACL', 'LOG');
    const command = entry[entry.indexOf('object') + 1];
    outcomes.push(`${name}: ${error.constructor.name}, NOPERM ${command}`);
  }
  console.log(`${rights.join(' ')}: ${outcomes.join('; ')}`);
}
process.exit();
JS

node finding.mjs 2>messages | tee seen
diff - seen <<'EXPECTED'
+get +set: ioredis works; redis works; valkey-glide: ClosingError, NOPERM info
+get +set +info: ioredis works; redis works; valkey-glide works
EXPECTED
