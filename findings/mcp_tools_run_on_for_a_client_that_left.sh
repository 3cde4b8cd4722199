#!/usr/bin/env bash
# What:     @modelcontextprotocol/sdk 1.32.2 (npm) on Node.js 20, client and server over streamable HTTP: a tool of four seconds that
#           heeds its `signal`, while the client cancels the call, runs into its timeout, or closes; with sessions, without
#           (`sessionIdGenerator: undefined`, a server for each request), and without, where the server closes with the answer.
# Guess:    with sessions each of the three aborts the tool; without, a client that closes aborts it, since its request breaks
#           off, and a cancel does too where the server closes with the answer.
# Seen:     with sessions a client that closes, or is killed, does not: the tool runs to its end, and what it asks a model for
#           is paid. Without sessions nothing aborts it by default: the notification of a cancel reaches another server,
#           which knows of no such call, and is answered 202 as if it were heeded. Closing the server with the answer helps
#           for a client that closes, but not for a cancel or a timeout, since the client leaves the stream open. The tool needs
#           a limit of its own.
# Output:   sessions: cancel: aborted; timeout: aborted; close: runs to its end
#           no sessions: cancel: runs to its end; timeout: runs to its end; close: runs to its end
#           no sessions, closed with the answer: cancel: runs to its end; timeout: runs to its end; close: aborted
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund @modelcontextprotocol/sdk@1.32.2 zod@3.25.76 || exit 2

cat >finding.mjs <<'JS'
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';

function makeServer(tool) {
  const server = new McpServer({ name: 's', version: '1' });
  server.registerTool('slow', { description: 'Takes four seconds' }, async ({ signal }) => {
    for (let i = 0; i < 40 && !signal.aborted; ++i) await pause(100);
    tool.end = signal.aborted ? 'aborted' : 'runs to its end';
    return { content: [{ type: 'text', text: 'done' }] };
  });
  return server;
}
const kinds = {
  'sessions': (tool, sessions) => async (request, response, body) => {
    let transport = sessions.get(request.headers['mcp-session-id']);
    if (!transport) {
      const onsessioninitialized = (id) => sessions.set(id, transport);
      transport = new StreamableHTTPServerTransport({ sessionIdGenerator: randomUUID, onsessioninitialized });
      await makeServer(tool).connect(transport);
    }
    await transport.handleRequest(request, response, body);
  },
  'no sessions': (tool) => async (request, response, body) => {
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
    await makeServer(tool).connect(transport);
    await transport.handleRequest(request, response, body);
  },
  'no sessions, closed with the answer': (tool) => async (request, response, body) => {
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
    const server = makeServer(tool);
    response.on('close', () => (transport.close(), server.close()));
    await server.connect(transport);
    await transport.handleRequest(request, response, body);
  },
};
async function listen(handle) {
  const server = http.createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    await handle(request, response, body ? JSON.parse(body) : undefined);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new URL(`http://127.0.0.1:${server.address().port}/mcp`);
}
async function run(kind, how) {
  const tool = { end: 'not known after seven seconds' };
  const url = await listen(kinds[kind](tool, new Map()));
  const client = new Client({ name: 'c', version: '1' });
  await client.connect(new StreamableHTTPClientTransport(url));
  const abort = new AbortController();
  const options = { signal: abort.signal, timeout: how === 'timeout' ? 700 : 60_000 };
  const call = client.callTool({ name: 'slow', arguments: {} }, undefined, options).then(() => 'resolves', () => 'rejects');
  await pause(700);
  if (how === 'cancel') abort.abort();
  if (how === 'close') await client.close();
  if ((await call) !== 'rejects') throw new Error(`${kind}, ${how}: the call resolves`);
  await pause(7000);
  return `${how}: ${tool.end}`;
}
process.on('unhandledRejection', () => {});
for (const kind of Object.keys(kinds))
  console.log(`${kind}: ${(await Promise.all(['cancel', 'timeout', 'close'].map((how) => run(kind, how)))).join('; ')}`);
process.exit();
JS

node --no-deprecation finding.mjs | tee seen
diff - seen <<'EXPECTED'
sessions: cancel: aborted; timeout: aborted; close: runs to its end
no sessions: cancel: runs to its end; timeout: runs to its end; close: runs to its end
no sessions, closed with the answer: cancel: runs to its end; timeout: runs to its end; close: aborted
EXPECTED
