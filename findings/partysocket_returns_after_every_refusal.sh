#!/usr/bin/env bash
# What:     partysocket 1.3.0 and reconnecting-websocket 4.4.0 (npm, Node.js 20, over ws 8.23.0): a WebSocket that the server
#           closes with 1008 (policy violation) or 4401, or whose handshake it answers with 401.
# Guess:    they return after a lost connection (1006) and a restart (1012), and stop after a refusal: another try with the same
#           URL cannot end otherwise.
# Seen:     they return after each, without an end (`maxRetries` is infinite): a page whose login has ended asks again and
#           again, and what it sends meanwhile is queued without a bound and goes to the next connection. The page has to look
#           at the code of `close` and call `close()` itself; a refused handshake is 1006 for it, as a server that is away.
# Output:   partysocket: returns after 1008, returns after 4401, returns after a 401
#           reconnecting-websocket: returns after 1008, returns after 4401, returns after a 401
#           partysocket: 1000 messages sent while closed, 1000 delivered to the next connection
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund partysocket@1.3.0 reconnecting-websocket@4.4.0 ws@8.23.0 || exit 2

cat >finding.mjs <<'JS'
import http from 'node:http';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket as PartySocket } from 'partysocket';
import ReconnectingWebSocket from 'reconnecting-websocket';
import WebSocket, { WebSocketServer } from 'ws';

const options = { WebSocket, minReconnectionDelay: 200, maxReconnectionDelay: 400 };

async function listen(refusal) {
  const server = http.createServer();
  const sockets = new WebSocketServer({ noServer: true });
  const seen = { tries: 0, messages: 0 };
  server.on('upgrade', (request, socket, head) => {
    seen.tries++;
    if (refusal === 401) return socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n');
    sockets.handleUpgrade(request, socket, head, (connection) => {
      connection.on('message', () => seen.messages++);
      if (refusal && (refusal !== 'once' || seen.tries === 1)) {
        setTimeout(() => connection.close(refusal === 'once' ? 1012 : refusal), 50);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { seen, url: `ws://127.0.0.1:${server.address().port}` };
}

for (const [name, Socket] of [['partysocket', PartySocket], ['reconnecting-websocket', ReconnectingWebSocket]]) {
  const words = [];
  for (const refusal of [1008, 4401, 401]) {
    const { seen, url } = await listen(refusal);
    const socket = new Socket(url, [], options);
    socket.addEventListener('error', () => {});
    await pause(3000);
    words.push(`${seen.tries > 2 ? 'returns' : 'stops'} after ${refusal === 401 ? 'a 401' : refusal}`);
    socket.close();
  }
  console.log(`${name}: ${words.join(', ')}`);
}
const { seen, url } = await listen('once');
const socket = new PartySocket(url, [], options);
await new Promise((closed) => socket.addEventListener('close', closed, { once: true }));
for (let i = 0; i < 1000; i++) socket.send('text');
await pause(2000);
console.log(`partysocket: 1000 messages sent while closed, ${seen.messages} delivered to the next connection`);
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
partysocket: returns after 1008, returns after 4401, returns after a 401
reconnecting-websocket: returns after 1008, returns after 4401, returns after a 401
partysocket: 1000 messages sent while closed, 1000 delivered to the next connection
EXPECTED
