#!/usr/bin/env bash
# What:     keyv 5.6.0 with @keyv/redis 5.1.6, and cache-manager 7.2.9 upon them (npm) on Node.js 20, Redis 7.0.15: set()
#           while the server refuses writes, since its memory is full, since it has become a replica, or since the user
#           may not; by default options and with `throwOnErrors`.
# Guess:    set() rejects, or resolves to false by default options and rejects with `throwOnErrors`.
# Seen:     it resolves to true, and get() still gives the old value; cache-manager answers with the new value. The error
#           is an event, of which the caller of set() sees nothing. keyv's own `throwOnErrors` makes no difference; set()
#           rejects only if the store has the option of the same name as well. Used for sessions or keys of idempotency,
#           each write to a full server, or after a failover, is lost with the reply of success.
# Output:   memory is full: keyv true, then "old"; throwOnErrors true, then "old"; both throwOnErrors rejects, then "old"; cache-manager "new", then "old"
#           is a replica: keyv true, then "old"; throwOnErrors true, then "old"; both throwOnErrors rejects, then "old"; cache-manager "new", then "old"
#           user may not: keyv true, then "old"; throwOnErrors true, then "old"; both throwOnErrors rejects, then "old"; cache-manager "new", then "old"
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'redis-server=5:7.0.15-*' 'redis-tools=5:7.0.15-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$PATH
cd "$work"
npm install --silent --no-audit --no-fund keyv@5.6.0 @keyv/redis@5.1.6 cache-manager@7.2.9 ioredis@6.0.0 || exit 2

cat >finding.mjs <<'JS'
import { spawn } from 'node:child_process';
import net from 'node:net';
import KeyvRedis from '@keyv/redis';
import { createCache } from 'cache-manager';
import Redis from 'ioredis';
import Keyv from 'keyv';

const probe = net.createServer();
await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
const { port } = probe.address();
await new Promise((resolve) => probe.close(resolve));
const server = spawn('redis-server', ['--port', `${port}`, '--save', '']);
process.on('exit', () => server.kill('SIGKILL'));
await new Promise((resolve) => server.stdout.on('data', (data) => /ready to accept/i.test(data) && resolve()));
const control = new Redis(port, '127.0.0.1');

let events = 0;
const heard = (keyv) => keyv.on('error', () => events++);
const url = `redis://127.0.0.1:${port}`;
const throwOnErrors = true;
const stores = {
  'keyv': heard(new Keyv(new KeyvRedis(url))),
  'throwOnErrors': heard(new Keyv({ store: new KeyvRedis(url), throwOnErrors })),
  'both throwOnErrors': heard(new Keyv({ store: new KeyvRedis(url, { throwOnErrors }), throwOnErrors })),
  'cache-manager': createCache({ stores: [heard(new Keyv(new KeyvRedis(url)))] }),
};
const states = {
  'memory is full': [['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0']],
  'is a replica': [['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE']],
  'user may not': [['ACL', 'SETUSER', 'default', '-@write'], ['ACL', 'SETUSER', 'default', '+@all']],
};
for (const [state, [begin, end]] of Object.entries(states)) {
  const results = [];
  for (const [name, store] of Object.entries(stores)) {
    await store.set('key', 'old');
    if ((await store.get('key')) !== 'old') throw new Error('not stored');
    await control.call(...begin);
    events = 0;
    const reply = await store.set('key', 'new').then(JSON.stringify, () => 'rejects');
    if (events === 0) throw new Error('no event');
    results.push(`${name} ${reply}, then ${JSON.stringify(await store.get('key'))}`);
    await control.call(...end);
  }
  console.log(`${state}: ${results.join('; ')}`);
}
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
memory is full: keyv true, then "old"; throwOnErrors true, then "old"; both throwOnErrors rejects, then "old"; cache-manager "new", then "old"
is a replica: keyv true, then "old"; throwOnErrors true, then "old"; both throwOnErrors rejects, then "old"; cache-manager "new", then "old"
user may not: keyv true, then "old"; throwOnErrors true, then "old"; both throwOnErrors rejects, then "old"; cache-manager "new", then "old"
EXPECTED
