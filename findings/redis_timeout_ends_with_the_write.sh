#!/usr/bin/env bash
# What:     redis 6.3.1 and ioredis 6.0.0 (npm) on Node.js 20, Redis 7.0.15: a time limit of half a second for a command,
#           with a server that does not answer (here stopped by SIGSTOP).
# Guess:    in redis, a GET with the option `timeout` of commandOptions rejects after half a second, as one of ioredis with
#           `commandTimeout` does.
# Seen:     that `timeout` covers the wait before the command is written to the socket, and ends there: with a hung server
#           nothing happens, be the option the client's or the command's; an AbortSignal is no help either. It rejects only
#           for what is queued while there is no connection. A limit for the reply takes `socketTimeout` (a limit for the
#           whole connection, which then needs a `pingInterval` against idle times) or a race with a timer of the caller.
# Output:   server gone: redis, timeout of the client: TimeoutError
#           server hangs: redis, timeout of the client: pending after 5 s
#           server hangs: redis, timeout of the command: pending after 5 s
#           server hangs: redis, AbortSignal: pending after 5 s
#           server hangs: redis, socketTimeout and pingInterval: SocketTimeoutError
#           server hangs: ioredis, commandTimeout: Error, Command timed out
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'redis-server=5:7.0.15-*' 'redis-tools=5:7.0.15-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$PATH
cd "$work"
npm install --silent --no-audit --no-fund redis@6.3.1 ioredis@6.0.0 || exit 2

cat >finding.mjs <<'JS'
import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import Redis from 'ioredis';
import { createClient } from 'redis';

const servers = [];
process.on('exit', () => servers.forEach((server) => server.kill('SIGKILL')));
async function start(name) {
  const path = `${process.cwd()}/${name}.sock`;
  const server = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--save', '']);
  servers.push(server);
  await new Promise((resolve) => server.stdout.on('data', (data) => /ready to accept/i.test(data) && resolve()));
  return { path, server };
}
const gone = await start('gone'), hung = await start('hung');
async function client({ path }, options = {}) {
  const one = createClient({ ...options, socket: { path, ...options.socket } }).on('error', () => {});
  await one.connect();
  await one.get('key');
  return one;
}
async function report(what, promise) {
  const outcome = promise.then(() => 'a reply', ({ constructor: { name }, message }) =>
    name === 'Error' ? `${name}, ${message}` : name);
  console.log(`${what}: ${await Promise.race([outcome, pause(5000, 'pending after 5 s')])}`);
}
const commandOptions = { timeout: 500 };
const withoutServer = await client(gone, { commandOptions });
const ofClient = await client(hung, { commandOptions });
const ofCommand = await client(hung);
const aborting = await client(hung);
const ofSocket = await client(hung, { pingInterval: 200, socket: { socketTimeout: 500 } });
const other = new Redis(hung.path, { commandTimeout: 500 });
await other.get('key');

gone.server.kill('SIGKILL');
await pause(200);
await report('server gone: redis, timeout of the client', withoutServer.get('key'));
hung.server.kill('SIGSTOP');
const waiting = ofSocket.get('key'); // sent before the limit is over, which counts from the last reply
waiting.catch(() => {});
await report('server hangs: redis, timeout of the client', ofClient.get('key'));
await report('server hangs: redis, timeout of the command', ofCommand.withCommandOptions(commandOptions).get('key'));
await report('server hangs: redis, AbortSignal',
  aborting.withCommandOptions({ abortSignal: AbortSignal.timeout(500) }).get('key'));
await report('server hangs: redis, socketTimeout and pingInterval', waiting);
await report('server hangs: ioredis, commandTimeout', other.get('key'));
process.exit();
JS

node finding.mjs 2>messages | tee seen
diff - seen <<'EXPECTED'
server gone: redis, timeout of the client: TimeoutError
server hangs: redis, timeout of the client: pending after 5 s
server hangs: redis, timeout of the command: pending after 5 s
server hangs: redis, AbortSignal: pending after 5 s
server hangs: redis, socketTimeout and pingInterval: SocketTimeoutError
server hangs: ioredis, commandTimeout: Error, Command timed out
EXPECTED
