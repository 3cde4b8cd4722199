#!/usr/bin/env bash
# What:     rate-limiter-flexible 11.4.0, ioredis 6.0.0 and redis 6.3.1 (npm) on Node.js 20, Redis 7.0.15: a limiter in Redis
#           with an `insuranceLimiter` in memory, by default options, when Redis ends and when it hangs (SIGSTOP).
# Guess:    consume() falls back to the insurance within a few seconds.
# Seen:     the insurance begins when the client rejects, and no sooner. With ioredis a request waits for more than 15 s for
#           it, with redis for five; while Redis hangs, it waits with both for as long as that lasts, and each request that
#           is limited with it. With `rejectIfRedisNotReady` a Redis that has ended is no wait at all, one that hangs is as
#           bad as before: this takes ioredis's `commandTimeout`, and each request then waits for that long.
# Output:   Redis ended: ioredis: no answer in 15 s
#           Redis ended: ioredis, rejectIfRedisNotReady: insured at once
#           Redis ended: ioredis, commandTimeout of 1 s: insured within 3 s
#           Redis ended: redis: insured within 8 s
#           Redis ended: redis, rejectIfRedisNotReady: insured at once
#           Redis hangs: ioredis: no answer in 15 s
#           Redis hangs: ioredis, rejectIfRedisNotReady: no answer in 15 s
#           Redis hangs: ioredis, commandTimeout of 1 s: insured within 3 s
#           Redis hangs: redis: no answer in 15 s
#           Redis hangs: redis, rejectIfRedisNotReady: no answer in 15 s
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'redis-server=5:7.0.15-*' 'redis-tools=5:7.0.15-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$PATH
cd "$work"
npm install --silent --no-audit --no-fund rate-limiter-flexible@11.4.0 ioredis@6.0.0 redis@6.3.1 || exit 2

cat >finding.mjs <<'JS'
import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import Redis from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import { createClient } from 'redis';

const servers = [];
process.on('exit', () => servers.forEach((server) => server.kill('SIGKILL')));
async function observe(signal, what) {
  const path = `${process.cwd()}/${signal}.sock`;
  const server = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--save', '']);
  servers.push(server);
  await new Promise((resolve) => server.stdout.on('data', (data) => /ready to accept/i.test(data) && resolve()));
  const limit = { points: 100, duration: 60 };
  const limiter = (storeClient, options) => new RateLimiterRedis({
    ...limit, storeClient, insuranceLimiter: new RateLimiterMemory({ points: 50, duration: 60 }), ...options,
  });
  const ioredis = (options) => new Redis(path, options).on('error', () => {});
  const redis = async () => {
    const client = createClient({ socket: { path } }).on('error', () => {});
    await client.connect();
    return client;
  };
  const rejectIfRedisNotReady = true, useRedisPackage = true;
  const limiters = {
    'ioredis': limiter(ioredis()),
    'ioredis, rejectIfRedisNotReady': limiter(ioredis(), { rejectIfRedisNotReady }),
    'ioredis, commandTimeout of 1 s': limiter(ioredis({ commandTimeout: 1000 })),
    'redis': limiter(await redis(), { useRedisPackage }),
    'redis, rejectIfRedisNotReady': limiter(await redis(), { useRedisPackage, rejectIfRedisNotReady }),
  };
  await pause(500);
  for (const one of Object.values(limiters))
    if ((await one.consume('someone')).remainingPoints < 50) throw new Error('Redis is not asked');
  server.kill(signal);
  await pause(500);
  return Promise.all(Object.entries(limiters).map(async ([name, one]) => {
    const began = Date.now();
    const answer = one.consume('someone').then(({ remainingPoints }) => {
      if (remainingPoints >= 50) return 'not insured';
      const seconds = (Date.now() - began) / 1000;
      return 'insured ' + (seconds < 0.5 ? 'at once' : seconds < 3 ? 'within 3 s' : 'within 8 s');
    }, (error) => `${error}`);
    return `${what}: ${name}: ${await Promise.race([answer, pause(15_000, 'no answer in 15 s')])}`;
  }));
}
const lines = await Promise.all([observe('SIGKILL', 'Redis ended'), observe('SIGSTOP', 'Redis hangs')]);
console.log(lines.flat().join('\n'));
process.exit();
JS

node finding.mjs 2>messages | tee seen
diff - seen <<'EXPECTED'
Redis ended: ioredis: no answer in 15 s
Redis ended: ioredis, rejectIfRedisNotReady: insured at once
Redis ended: ioredis, commandTimeout of 1 s: insured within 3 s
Redis ended: redis: insured within 8 s
Redis ended: redis, rejectIfRedisNotReady: insured at once
Redis hangs: ioredis: no answer in 15 s
Redis hangs: ioredis, rejectIfRedisNotReady: no answer in 15 s
Redis hangs: ioredis, commandTimeout of 1 s: insured within 3 s
Redis hangs: redis: no answer in 15 s
Redis hangs: redis, rejectIfRedisNotReady: no answer in 15 s
EXPECTED
