#!/usr/bin/env bash
# What:     ioredis 6.0.0 and redis 6.3.1 (npm) on Node.js 20, Redis 7.0.15: the graceful end, `quit()` of ioredis and
#           `close()` of redis, as in a handler of SIGTERM, when the server has ended, and when it hangs (SIGSTOP); with
#           one command waiting for it, and with none; by default options.
# Guess:    it settles within five seconds of itself, at least when the server is gone: there is nothing left to wait for.
# Seen:     with a command waiting it does not settle in 15 s, whether the server is gone or hangs; it waits for the
#           command, and the command waits for a server. ioredis waits for the reply to its own QUIT as well, from a
#           server that hangs. With nothing waiting the others return at once. `destroy()` of redis rejects what waits;
#           `disconnect()` of ioredis does so within two seconds if the server hangs, and never if it is gone: between two
#           attempts to connect it ends the attempts, and leaves the commands pending. An orchestrator kills the process
#           in the end, and what else it had to finish is lost with it. A shutdown needs a limit of its own, which ends in
#           process.exit().
# Output:   gone: ioredis: settles; with a command: pending; disconnect(): pending
#           gone: redis: settles; with a command: pending; destroy(): settles
#           hangs: ioredis: pending; with a command: pending; disconnect(): settles
#           hangs: redis: settles; with a command: pending; destroy(): settles
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'redis-server=5:7.0.15-*' 'redis-tools=5:7.0.15-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$PATH
cd "$work"
npm install --silent --no-audit --no-fund ioredis@6.0.0 redis@6.3.1 || exit 2

cat >finding.mjs <<'JS'
import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import Redis from 'ioredis';
import { createClient } from 'redis';

const servers = [];
process.on('exit', () => servers.forEach((server) => server.kill('SIGKILL')));
async function observe(what, signal) {
  const path = `${process.cwd()}/${signal}.sock`;
  const server = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--save', '']);
  servers.push(server);
  await new Promise((resolve) => server.stdout.on('data', (data) => /ready to accept/i.test(data) && resolve()));
  const quiet = (client) => client.on('error', () => {});
  const ioredis = () => quiet(new Redis(path));
  const redis = () => quiet(createClient({ socket: { path } }));
  const kinds = {
    ioredis: { clients: [ioredis(), ioredis()], end: (client) => client.quit(), hard: 'disconnect' },
    redis: { clients: await Promise.all([redis().connect(), redis().connect()]), end: (client) => client.close(), hard: 'destroy' },
  };
  for (const { clients } of Object.values(kinds)) for (const client of clients) await client.set('key', 'value');
  server.kill(signal);
  await pause(500);
  const settled = async (end) =>
    Promise.race([end.then(() => 'settles', () => 'settles'), pause(15_000, 'pending')]);
  return Promise.all(Object.entries(kinds).map(async ([name, { clients: [idle, busy], end, hard }]) => {
    let rejected;
    busy.get('key').catch(() => (rejected = true));
    const [idly, busily] = await Promise.all([settled(end(idle)), settled(end(busy))]);
    busy[hard]();
    await pause(4000);
    return `${what}: ${name}: ${idly}; with a command: ${busily}; ${hard}(): ${rejected ? 'settles' : 'pending'}`;
  }));
}
const lines = await Promise.all([observe('gone', 'SIGKILL'), observe('hangs', 'SIGSTOP')]);
console.log(lines.flat().join('\n'));
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
gone: ioredis: settles; with a command: pending; disconnect(): pending
gone: redis: settles; with a command: pending; destroy(): settles
hangs: ioredis: pending; with a command: pending; disconnect(): settles
hangs: redis: settles; with a command: pending; destroy(): settles
EXPECTED
