#!/usr/bin/env bash
# What:     eventsource-client 1.2.0 and eventsource 5.1.5 (npm) on Node.js 20: the server refuses with 401 and JSON.
# Guess:    both fail for good, as the event stream specification asks for every status but 200 and every other type.
# Seen:     eventsource does, after one request. eventsource-client looks at no status but 204 and at no type: it calls
#           onConnect, reads the JSON as an event stream in which there is no event, and repeats the request, body and
#           all, at its interval without end. Nothing reports the 401. A server can stop it only by a 204.
# Output:   eventsource: 1 request, closed
#           eventsource-client: 5 requests, onConnect 5 times, not closed, no error
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund eventsource-client@1.2.0 eventsource@5.1.5

cat >finding.mjs <<'JS'
import http from 'node:http';

// The clients' intervals of two and three seconds pass at once.
const setTimer = globalThis.setTimeout;
globalThis.setTimeout = (callback, delay, ...rest) => setTimer(callback, Math.min(delay, 10), ...rest);
const { createEventSource } = await import('eventsource-client');
const { EventSource } = await import('eventsource');

const MOST = 5;
let requests = 0;
let enough = () => {};
const server = http.createServer((request, response) => {
  request.resume();
  requests += 1;
  response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"auth_required"}');
  if (requests === MOST) response.on('close', () => setTimer(enough, 100));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${server.address().port}/`;

const source = new EventSource(url);
await new Promise((resolve) => (source.onerror = resolve));
await new Promise((resolve) => setTimer(resolve, 500));
console.log(`eventsource: ${requests} request, ${source.readyState === source.CLOSED ? 'closed' : 'not closed'}`);

requests = 0;
let connects = 0;
const reached = new Promise((resolve) => (enough = resolve));
const client = createEventSource({
  url, method: 'POST', body: 'x',
  onConnect: () => (connects += 1),
  onScheduleReconnect: () => requests === MOST && client.close(),
});
let error = 'no error';
process.on('unhandledRejection', () => (error = 'an error'));
await reached;
console.log(`eventsource-client: ${requests} requests, onConnect ${connects} times, not closed, ${error}`);
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
eventsource: 1 request, closed
eventsource-client: 5 requests, onConnect 5 times, not closed, no error
EXPECTED
