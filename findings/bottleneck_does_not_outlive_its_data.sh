#!/usr/bin/env bash
# What:     bottleneck 2.19.5 with ioredis 4.31.0 (npm) on Node.js 20, Redis 7.0.15: a limiter in clustering mode when
#           Redis has lost its data, by a restart without persistence, or a takeover by a replica that had not got it yet
#           (here by FLUSHALL); and how a script's `redis.error_reply` arrives.
# Guess:    the limiter writes its settings again and works: it is made for this, its scripts answer
#           SETTINGS_KEY_NOT_FOUND to find out.
# Seen:     each job rejects, for as long as the process lives, and with another error when a process with the same id has
#           started and written the settings. The library compares the message with the name alone; Redis 7 puts "ERR "
#           before an error of one word, and leaves one of several words as it is. To compare a script's errors takes two
#           words in each.
# Output:   error_reply('NAME'): ERR NAME; error_reply('NAME text'): NAME text
#           before: done; after FLUSHALL: ERR SETTINGS_KEY_NOT_FOUND; 5 s later: ERR SETTINGS_KEY_NOT_FOUND
#           after another limiter with its id has started: ERR UNKNOWN_CLIENT
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'redis-server=5:7.0.15-*' 'redis-tools=5:7.0.15-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$PATH
cd "$work"
npm install --silent --no-audit --no-fund bottleneck@2.19.5 ioredis@4.31.0 || exit 2

cat >finding.mjs <<'JS'
import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import Bottleneck from 'bottleneck';
import Redis from 'ioredis';

const path = `${process.cwd()}/socket`;
const server = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--save', '']);
process.on('exit', () => server.kill('SIGKILL'));
await new Promise((resolve) => server.stdout.on('data', (data) => /ready to accept/i.test(data) && resolve()));
process.on('unhandledRejection', () => {}); // of the limiter's heartbeat

const control = new Redis(path);
const errorOf = (text) => control.eval(`return redis.error_reply('${text}')`, 0).catch(({ message }) => message);
console.log(`error_reply('NAME'): ${await errorOf('NAME')}; error_reply('NAME text'): ${await errorOf('NAME text')}`);

const limiter = () => new Bottleneck({ id: 'chats', datastore: 'ioredis', clientOptions: { path }, Redis, maxConcurrent: 2 })
  .on('error', () => {});
const one = limiter();
const run = () => Promise.race([one.schedule(async () => 'done').catch(({ message }) => message), pause(5000, 'pending')]);
const before = await run();
await control.flushall();
const after = await run();
await pause(5000);
console.log(`before: ${before}; after FLUSHALL: ${after}; 5 s later: ${await run()}`);
const other = limiter();
await other.ready();
console.log(`after another limiter with its id has started: ${await run()}`);
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
error_reply('NAME'): ERR NAME; error_reply('NAME text'): NAME text
before: done; after FLUSHALL: ERR SETTINGS_KEY_NOT_FOUND; 5 s later: ERR SETTINGS_KEY_NOT_FOUND
after another limiter with its id has started: ERR UNKNOWN_CLIENT
EXPECTED
