#!/usr/bin/env bash
# What:     hono 4.13.19 with @hono/node-server 2.1.9, h3 2.0.8 and fastify 5.12.8 (npm) on Node.js 20: an async generator
#           for the model, in a loop with the framework's helper for event streams (hono's streamSSE, h3's
#           createEventStream) or as the body of the answer; the generator throws after the first event, or the client
#           leaves.
# Guess:    when it throws, the client sees a broken connection, and cannot take the part for the whole. When the client
#           has left, writing to it rejects, so that the loop ends, and with it the generator.
# Seen:     so it is for a stream that is the body. In the helper of hono a throw ends the answer in order: after the
#           first event comes the end of a complete body, with status 200; the error is on the server's console. And
#           writes to a client that has left succeed, in hono and in h3: the loop runs to the model's end, for as long as
#           that takes. A handler with a helper has to send an error event of its own, and to look at `stream.aborted` or
#           `onAbort`, in h3 at `onClosed`; a client must not take an end for the end without a last event.
# Output:   hono, streamSSE: throws: complete; client leaves: runs on
#           hono, body: throws: broken; client leaves: ends
#           h3, createEventStream: client leaves: runs on
#           h3, body: throws: broken; client leaves: ends
#           fastify, body: throws: broken; client leaves: ends
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund hono@4.13.19 @hono/node-server@2.1.9 h3@2.0.8 fastify@5.12.8 || exit 2

cat >finding.mjs <<'JS'
import http from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { serve as serveHono } from '@hono/node-server';
import Fastify from 'fastify';
import { createEventStream, H3, serve as serveH3 } from 'h3';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';

const host = '127.0.0.1';
const runs = new Map(); // by path: has the generator ended?
async function* words(path) {
  runs.set(path, false);
  try {
    yield 'word';
    await pause(300);
    if (path.endsWith('throws')) throw new Error('the model broke');
    for (let i = 0; i < 80; i++) {
      yield 'word';
      await pause(100);
    }
  } finally {
    runs.set(path, true);
  }
}
const headers = { 'content-type': 'text/event-stream' };
async function* events(path) {
  for await (const word of words(path)) yield `data: ${word}\n\n`;
}
const body = (path) => new Response(ReadableStream.from(events(path)).pipeThrough(new TextEncoderStream()), { headers });

const hono = new Hono();
hono.post('/hono/helper/*', (context) => streamSSE(context, async (stream) => {
  for await (const data of words(context.req.path)) await stream.writeSSE({ data });
}));
hono.post('/hono/body/*', (context) => body(context.req.path));
const honoPort = await new Promise((resolve) => serveHono({ fetch: hono.fetch, hostname: host, port: 0 }, (info) => resolve(info.port)));

const h3 = new H3();
h3.post('/h3/helper/**', (event) => {
  const stream = createEventStream(event);
  (async () => {
    for await (const data of words(event.url.pathname)) await stream.push(data);
    await stream.close();
  })();
  return stream.send();
});
h3.post('/h3/body/**', (event) => body(event.url.pathname));
const h3Server = serveH3(h3, { hostname: host, port: 0, silent: true });
await h3Server.ready();

const fastify = Fastify();
fastify.post('/fastify/body/*', (request, reply) => reply.headers(headers).send(Readable.from(events(request.url))));
await fastify.listen({ host, port: 0 });

function post(port, path, onResponse) {
  const options = { host, port, path, method: 'POST', headers: { 'content-type': 'application/json' }, agent: false };
  return http.request(options, (response) => {
    if (response.headers['content-type'] !== 'text/event-stream') throw new Error(`${path}: ${response.statusCode}`);
    onResponse(response);
  }).on('error', () => {}).end('{}');
}
const throws = (port, path) => new Promise((resolve) => {
  post(port, path, (response) => {
    response.resume().on('end', () => resolve('complete')).on('error', () => resolve('broken'));
  });
});
async function leaves(port, path) {
  await new Promise((resolve) => {
    const request = post(port, path, (response) => {
      response.on('error', () => {});
      response.once('data', () => setTimeout(() => resolve(request.destroy()), 500));
    });
  });
  await pause(3000);
  return runs.get(path) ? 'ends' : 'runs on';
}
const h3Port = Number(new URL(h3Server.url).port);
const cases = [
  ['hono, streamSSE', honoPort, '/hono/helper'], ['hono, body', honoPort, '/hono/body'],
  ['h3, createEventStream', h3Port, '/h3/helper'], ['h3, body', h3Port, '/h3/body'],
  ['fastify, body', fastify.server.address().port, '/fastify/body'],
];
for (const [name, port, base] of cases) {
  // In h3 the loop is outside of the handler, and what to do with its error is the application's own.
  const thrown = name.startsWith('h3, create') ? '' : `throws: ${await throws(port, `${base}/throws`)}; `;
  console.log(`${name}: ${thrown}client leaves: ${await leaves(port, `${base}/leaves`)}`);
}
process.exit();
JS

node finding.mjs 2>messages | tee seen
diff - seen <<'EXPECTED'
hono, streamSSE: throws: complete; client leaves: runs on
hono, body: throws: broken; client leaves: ends
h3, createEventStream: client leaves: runs on
h3, body: throws: broken; client leaves: ends
fastify, body: throws: broken; client leaves: ends
EXPECTED
