#!/usr/bin/env bash
# What:     hono 4.13.19 with @hono/node-server 2.1.9 (npm, Node.js 20): `streamSSE` with a loop that writes an event and sleeps,
#           as one that passes a model's answer on; the client leaves after half a second.
# Guess:    the next `writeSSE` fails, which ends the loop, and with it the call to the model; an ended loop closes what it used.
# Seen:     `writeSSE` and `sleep` succeed as before: the loop runs to its end, with all that it costs, for a client that is
#           gone. `onAbort` is called and `stream.aborted` is true: each loop has to look at it, and each wait has to be ended
#           by `onAbort`.
# Output:   client left: onAbort called, aborted true
#           the loop: 20 of 20 events written, no error
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund hono@4.13.19 @hono/node-server@2.1.9 || exit 2

cat >finding.mjs <<'JS'
import http from 'node:http';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';

let written = 0;
let called = false;
let error = 'no error';
let end;
const over = new Promise((resolve) => { end = resolve; });
const app = new Hono();
app.get('/', (context) => streamSSE(context, async (stream) => {
  stream.onAbort(() => { called = true; });
  try {
    for (; written < 20; written++) {
      await stream.writeSSE({ data: 'token' });
      await stream.sleep(100);
    }
  } catch (thrown) {
    error = thrown.message;
  }
  end(stream.aborted);
}));
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => {
  const request = http.get(`http://127.0.0.1:${port}/`, (answer) => {
    answer.on('error', () => {}).resume();
    setTimeout(() => request.destroy(), 500);
  });
});
const aborted = await over;
console.log(`client left: onAbort ${called ? 'called' : 'not called'}, aborted ${aborted}`);
console.log(`the loop: ${written} of 20 events written, ${error}`);
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
client left: onAbort called, aborted true
the loop: 20 of 20 events written, no error
EXPECTED
