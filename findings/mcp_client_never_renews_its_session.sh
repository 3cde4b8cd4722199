#!/usr/bin/env bash
# What:     @modelcontextprotocol/sdk 1.32.2 (npm, Node.js 20): its client and its own Streamable HTTP server, which forgets
#           the session, as a restart or another replica behind a balancer does, and then answers 404 with "Session not found".
# Guess:    the client starts a new session, which the protocol requires of it after a 404 to a request that names a session
#           (specification 2025-06-18, transports, session management), and the call is made in that.
# Seen:     each further call is an error with the code 404; `onclose` is not called, and nothing is initialized. The
#           application has to know the number 404 and make a new client.
# Output:   first call: hello
#           after the restart, call 1: 404
#           after the restart, call 2: 404
#           onclose called: false; initialized 1 time
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund @modelcontextprotocol/sdk@1.32.2 || exit 2

cat >finding.mjs <<'JS'
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';

let sessions = new Map();
let initialized = 0;

async function begin() {
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => { initialized++; sessions.set(id, transport); },
  });
  const server = new McpServer({ name: 'server', version: '1.0.0' });
  server.registerTool('greet', {}, async () => ({ content: [{ type: 'text', text: 'hello' }] }));
  await server.connect(transport);
  return transport;
}

const listener = http.createServer(async (request, answer) => {
  let text = '';
  for await (const piece of request) text += piece;
  const id = request.headers['mcp-session-id'];
  if (id && !sessions.has(id)) {
    const error = { jsonrpc: '2.0', error: { code: -32001, message: 'Session not found' }, id: null };
    return answer.writeHead(404, { 'Content-Type': 'application/json' }).end(JSON.stringify(error));
  }
  const transport = id ? sessions.get(id) : await begin();
  await transport.handleRequest(request, answer, text ? JSON.parse(text) : undefined);
});
await new Promise((ready) => listener.listen(0, '127.0.0.1', ready));

const client = new Client({ name: 'client', version: '1.0.0' });
let closed = false;
client.onclose = () => { closed = true; };
await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${listener.address().port}/mcp`)));
const call = () => client.callTool({ name: 'greet' }).then((result) => result.content[0].text, (error) => error.code);
console.log(`first call: ${await call()}`);
sessions = new Map();
for (const number of [1, 2]) console.log(`after the restart, call ${number}: ${await call()}`);
console.log(`onclose called: ${closed}; initialized ${initialized} time`);
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
first call: hello
after the restart, call 1: 404
after the restart, call 2: 404
onclose called: false; initialized 1 time
EXPECTED
