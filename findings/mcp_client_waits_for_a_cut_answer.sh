#!/usr/bin/env bash
# What:     @modelcontextprotocol/sdk 1.32.2 (npm, Node.js 20), the client over Streamable HTTP: the answer to a tool call is
#           an event stream that is cut before its result; then the server is away for 8 s.
# Guess:    the call fails as soon as its connection is lost, as a cut JSON answer does. The stream of the server's own
#           messages is opened again until the server is back, as an EventSource does.
# Seen:     the call waits for its timeout, 60 s by default: the loss is reported to `onerror` alone, without the call that
#           it belongs to. The other stream is tried twice, within three seconds, and never again: when the server is back,
#           calls work, and its notifications do not arrive any more. The client is not closed, `onclose` is not called.
# Output:   cut JSON answer: fails at once
#           cut event stream: fails by its timeout of 5 s
#           while the server is away: 2 further tries of the other stream
#           when it is back: calls work, streams opened: 0, onclose called: false
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund @modelcontextprotocol/sdk@1.32.2 || exit 2

cat >finding.mjs <<'JS'
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

let streams = 0;

// Written by hand, with what the protocol asks for and no more.
async function answer(request, response) {
  let text = '';
  for await (const piece of request) text += piece;
  if (request.method === 'GET') {
    streams++;
    return response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(': open\n\n');
  }
  const { id, method, params } = JSON.parse(text);
  const json = (result) => {
    response.writeHead(200, { 'Content-Type': 'application/json', 'Mcp-Session-Id': 'one' });
    response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
  };
  if (method === 'initialize') {
    const { protocolVersion } = params;
    return json({ protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'server', version: '1.0.0' } });
  }
  if (method !== 'tools/call') return response.writeHead(202).end();
  if (params.name === 'well') return json({ content: [] });
  const type = params.name === 'json' ? 'application/json' : 'text/event-stream';
  response.writeHead(200, { 'Content-Type': type, 'Mcp-Session-Id': 'one' });
  response.write(params.name === 'json' ? '{"jsonrpc":' : ': working\n\n');
  setTimeout(() => response.destroy(), 300);
}
function listen(port) {
  const server = http.createServer(answer);
  return new Promise((ready) => server.listen(port, '127.0.0.1', () => ready(server)));
}
let server = await listen(0);
const { port } = server.address();

const client = new Client({ name: 'client', version: '1.0.0' });
let closed = false;
let tries = 0;
client.onclose = () => { closed = true; };
client.onerror = (error) => { tries += error.message.startsWith('Failed to reconnect') ? 1 : 0; };
await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`)));
await pause(300);

async function call(name) {
  const begun = Date.now();
  const failed = await client.callTool({ name }, undefined, { timeout: 5000 }).then(() => false, () => true);
  if (!failed) return 'calls work';
  return Date.now() - begun < 2500 ? 'fails at once' : 'fails by its timeout of 5 s';
}
console.log(`cut JSON answer: ${await call('json')}`);
console.log(`cut event stream: ${await call('events')}`);
server.close();
server.closeAllConnections();
await pause(8000);
console.log(`while the server is away: ${tries} further tries of the other stream`);
streams = 0;
server = await listen(port);
await pause(8000);
console.log(`when it is back: ${await call('well')}, streams opened: ${streams}, onclose called: ${closed}`);
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
cut JSON answer: fails at once
cut event stream: fails by its timeout of 5 s
while the server is away: 2 further tries of the other stream
when it is back: calls work, streams opened: 0, onclose called: false
EXPECTED
