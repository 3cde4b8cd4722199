#!/usr/bin/env bash
# What:     eventsource-client 1.2.0, @microsoft/fetch-event-source 2.0.1 and eventsource 5.1.5 (npm) on Node.js 20: the
#           application's own message handler throws, while the stream continues without error.
# Guess:    the exception surfaces (uncaught, or as a rejected promise), and the server sees one request.
# Seen:     eventsource does so. The other two take the exception for a lost connection: they drop the stream, say
#           nothing, and send the POST again, in a loop, for as long as the handler throws: a JSON.parse of an
#           unexpected event is enough. Behind a POST that costs something this is a bill.
# Output:   eventsource: 1 request, uncaught exception
#           eventsource-client: 4 requests, silent
#           fetch-event-source: 4 requests, silent
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund eventsource-client@1.2.0 eventsource@5.1.5 @microsoft/fetch-event-source@2.0.1

cat >finding.mjs <<'JS'
import http from 'node:http';

// The clients' intervals of one to three seconds pass at once.
const setTimer = globalThis.setTimeout;
globalThis.setTimeout = (callback, delay, ...rest) => setTimer(callback, Math.min(delay, 10), ...rest);
globalThis.window = globalThis;
globalThis.document = new EventTarget();
const { createEventSource } = await import('eventsource-client');
const { EventSource } = await import('eventsource');
const { fetchEventSource } = await import('@microsoft/fetch-event-source');

const MOST = 4;
let requests = 0;
const server = http.createServer((request, response) => {
  request.resume();
  requests += 1;
  response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: ready\n\n'); // and stays open
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${server.address().port}/`;

const handler = (message) => JSON.parse(message.data);
let surfaced;
for (const kind of ['uncaughtException', 'unhandledRejection'])
  process.on(kind, () => (surfaced = 'uncaught exception'));

async function look(name, start) {
  requests = 0;
  surfaced = 'silent';
  const stop = start();
  for (let n = 0; n < 100 && requests < MOST; n += 1) await new Promise((resolve) => setTimer(resolve, 10));
  stop();
  console.log(`${name}: ${requests} request${requests > 1 ? 's' : ''}, ${surfaced}`);
}

await look('eventsource', () => {
  const source = new EventSource(url);
  source.onmessage = handler;
  return () => source.close();
});
await look('eventsource-client', () => {
  const source = createEventSource({
    url, method: 'POST', body: 'x', onMessage: handler,
    onScheduleReconnect: () => requests === MOST && source.close(),
  });
  return () => source.close();
});
await look('fetch-event-source', () => {
  const leaving = new AbortController();
  fetchEventSource(url, {
    method: 'POST', body: 'x', openWhenHidden: true, signal: leaving.signal,
    onmessage: (message) => {
      if (requests === MOST) leaving.abort();
      handler(message);
    },
  }).catch(() => (surfaced = 'rejected promise'));
  return () => leaving.abort();
});
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
eventsource: 1 request, uncaught exception
eventsource-client: 4 requests, silent
fetch-event-source: 4 requests, silent
EXPECTED
