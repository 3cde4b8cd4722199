#!/usr/bin/env bash
# What:     playwright-core 1.65.1 (npm, Node.js 20) with Debian 12's Chromium 156: `context.setOffline(true)` for four seconds on
#           a page that has an EventSource, a fetch that reads a stream, and a WebSocket, each with five messages a second.
# Guess:    what is open is cut, as by a lost network: `error`, a rejected read, `close` with 1006; a test of "offline" shows how
#           the page connects again.
# Seen:     nothing is cut. `navigator.onLine` and new requests are as without a network, while EventSource and the stream
#           receive on. The WebSocket is silent without a `close`, and when the network is "back", all that was sent meanwhile
#           arrives at once. A page is tested in a state that no network makes; what it does at a cut needs a server that cuts.
# Output:   offline, EventSource: receives, error events: 0
#           offline, fetch stream: receives, ended: false
#           offline, WebSocket: silent, close events: 0; new requests fail
#           online again, WebSocket: more than a second's messages at once, close events: 0
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's package, unpacked into the temporary folder; its libraries have to be installed.
(cd "$work" && apt-get download -qq 'chromium=156.*' 'chromium-common=156.*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
cd "$work"
npm install --silent --no-audit --no-fund playwright-core@1.65.1 ws@8.23.0 || exit 2

cat >finding.mjs <<'JS'
import http from 'node:http';
import { chromium } from 'playwright-core';
import { WebSocketServer } from 'ws';

const server = http.createServer((request, answer) => {
  if (request.url === '/') return answer.setHeader('Content-Type', 'text/html').end('<title>page</title>');
  answer.writeHead(200, { 'Content-Type': 'text/event-stream' });
  const timer = setInterval(() => answer.write('data: message\n\n'), 200);
  answer.on('close', () => clearInterval(timer));
});
new WebSocketServer({ server }).on('connection', (socket) => setInterval(() => socket.send('message'), 200));
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));

const browser = await chromium.launch({ executablePath: `${process.cwd()}/usr/lib/chromium/chromium`, args: ['--no-sandbox'] });
const context = await browser.newContext();
const page = await context.newPage();
await page.goto(`http://127.0.0.1:${server.address().port}/`);
await page.evaluate(() => {
  window.seen = { events: 0, pieces: 0, messages: 0, errors: 0, ended: false, closed: 0 };
  const source = new EventSource('/events');
  source.onmessage = () => seen.events++;
  source.onerror = () => seen.errors++;
  const socket = new WebSocket(`ws://${location.host}/`);
  socket.onmessage = () => seen.messages++;
  socket.onclose = () => seen.closed++;
  (async () => {
    const reader = (await fetch('/stream')).body.getReader();
    while (!(await reader.read()).done) seen.pieces++;
  })().catch(() => {}).finally(() => { seen.ended = true; });
});
const since = async (milliseconds) => {
  await page.evaluate(() => Object.assign(seen, { events: 0, pieces: 0, messages: 0 }));
  await page.waitForTimeout(milliseconds);
  return page.evaluate(() => ({ ...seen }));
};
const receives = (count) => (count > 2 ? 'receives' : count === 0 ? 'silent' : `${count} messages`);
await since(1500);
await context.setOffline(true);
await page.waitForTimeout(500); // what was on its way
const offline = await since(4000);
const fetched = await page.evaluate(() => fetch('/new').then(() => 'work', () => 'fail'));
console.log(`offline, EventSource: ${receives(offline.events)}, error events: ${offline.errors}`);
console.log(`offline, fetch stream: ${receives(offline.pieces)}, ended: ${offline.ended}`);
console.log(`offline, WebSocket: ${receives(offline.messages)}, close events: ${offline.closed}; new requests ${fetched}`);
await page.evaluate(() => { seen.messages = 0; });
await context.setOffline(false);
await page.waitForTimeout(1000);
const { messages, closed } = await page.evaluate(() => seen);
console.log(`online again, WebSocket: ${messages > 10 ? "more than a second's messages at once" : messages}, close events: ${closed}`);
await browser.close();
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
offline, EventSource: receives, error events: 0
offline, fetch stream: receives, ended: false
offline, WebSocket: silent, close events: 0; new requests fail
online again, WebSocket: more than a second's messages at once, close events: 0
EXPECTED
