#!/usr/bin/env bash
# What:     ws 8.23.0, undici 7.28.0 (npm) on Node.js 20, aiohttp 3.8.4, websockets 10.4 and
#           Chromium 156.0.8078.108 (Debian 12): a client that offers subprotocols, as pages do that
#           have no other place for a token, and a server that accepts the connection and names none
#           of them.
# Guess:    the connection opens, with an empty subprotocol, in all of them: by RFC 6455, 4.2.2, a
#           server that agrees to none leaves the header away, and 4.1 makes the client fail only
#           for a protocol that it did not ask for.
# Seen:     so it is in Python. ws, undici and Chromium fail the connection with 1006 after the 101,
#           as the browsers' standard has it. A server has to name one of what was offered, and that
#           should not be the token.
# Output:   aiohttp: open
#           websockets: open
#           ws: failed 1006, Server sent no subprotocol
#           undici: failed 1006
#           Chromium: failed 1006
#           Chromium, one named: open
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'chromium=156.0.8078.108-*' 'chromium-common=156.0.8078.108-*' \
  'python3-websockets=10.4-*' 'python3-aiohttp=3.8.4-*' 'python3-multidict=6.0.4-*' 'python3-yarl=1.8.2-*' \
  'python3-aiosignal=1.3.1-*' 'python3-frozenlist=1.3.3-*' 'python3-async-timeout=4.0.2-*' \
  'python3-attr=22.2.0-*' 'python3-charset-normalizer=3.0.1-*' 'python3-idna=3.3-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
cd "$work"
if ldd usr/lib/chromium/chromium | grep 'not found' >&2; then exit 2; fi
export PYTHONPATH=$work/usr/lib/python3/dist-packages
npm install --silent --no-audit --no-fund ws@8.23.0 undici@7.28.0

cat >finding.py <<'PY'
import asyncio
import sys
import aiohttp
import websockets

async def main(url, offered):
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(url, protocols=offered) as socket:
            print("aiohttp:", "open" if socket.protocol is None else socket.protocol)
    async with websockets.connect(url, subprotocols=offered) as socket:
        print("websockets:", "open" if socket.subprotocol is None else socket.subprotocol)

asyncio.run(main(sys.argv[1], ["chat.v1", "token.abc"]))
PY
cat >finding.mjs <<'JS'
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import http from 'node:http';
import { WebSocket as Undici } from 'undici';
import Ws from 'ws';

const OFFERED = ['chat.v1', 'token.abc'];

// What a page does, too.
function outcome(WebSocket, url, offered) {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, offered);
    let reason = '';
    socket.addEventListener('open', () => resolve('open') ?? socket.close());
    socket.addEventListener('error', ({ message }) => (reason = message ? `, ${message}` : ''));
    socket.addEventListener('close', ({ code }) => resolve(`failed ${code}${reason}`));
  });
}
async function inPage(offered) {
  const url = location.origin.replace('http', 'ws');
  const report = [await outcome(WebSocket, url + '/', offered), await outcome(WebSocket, url + '/named', offered)];
  await fetch('/report', { method: 'POST', body: JSON.stringify(report) });
}
const page = `<script>${outcome}(${inPage})(${JSON.stringify(OFFERED)})</script>`;

let report;
const reported = new Promise((resolve) => (report = resolve));
const server = http.createServer((request, response) => {
  let body = '';
  request.on('data', (data) => (body += data)).on('end', () => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(request.method === 'GET' ? page : '');
    if (request.url === '/report') report(JSON.parse(body));
  });
});
server.on('upgrade', (request, socket) => {
  const key = request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
  const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${createHash('sha1').update(key).digest('base64')}`];
  if (request.url === '/named') head.push('Sec-WebSocket-Protocol: chat.v1');
  socket.on('error', () => {}).write(head.join('\r\n') + '\r\n\r\n');
  socket.on('data', (frame) => {
    if ((frame[0] & 15) === 8) socket.end(Buffer.from([0x88, 0]));
  });
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address();

const python = spawn('/usr/bin/python3', ['finding.py', `http://127.0.0.1:${port}/`.replace('http', 'ws')],
  { stdio: 'inherit' });
await new Promise((resolve) => python.on('exit', resolve));
console.log(`ws: ${await outcome(Ws, `ws://127.0.0.1:${port}/`, OFFERED)}`);
const undici = await outcome(Undici, `ws://127.0.0.1:${port}/`, OFFERED);
console.log(`undici: ${undici.split(',')[0]}`);

const browser = spawn('usr/lib/chromium/chromium', [
  '--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-breakpad', '--user-data-dir=profile',
  `http://127.0.0.1:${port}/`,
], { stdio: 'ignore' });
setTimeout(() => browser.kill() && process.exit(1), 40_000);
const [none, named] = await reported;
console.log(`Chromium: ${none}`);
console.log(`Chromium, one named: ${named}`);
browser.on('exit', () => process.exit()).kill();
JS

HOME=$work node finding.mjs 2>messages | tee seen
diff - seen <<'EXPECTED'
aiohttp: open
websockets: open
ws: failed 1006, Server sent no subprotocol
undici: failed 1006
Chromium: failed 1006
Chromium, one named: open
EXPECTED
