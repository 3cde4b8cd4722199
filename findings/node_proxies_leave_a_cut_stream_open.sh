#!/usr/bin/env bash
# What:     http-proxy 1.18.1, http-proxy-3 2.0.1, http-proxy-middleware 4.2.2, httpxy 0.5.6, @fastify/http-proxy 11.6.3
#           and express-http-proxy 2.1.2 (npm) on Node.js 20, by default options: a streamed answer to a POST whose
#           upstream ends its connection in the middle, by a FIN as when its process is killed, or by a RST; and a client
#           that leaves.
# Guess:    the client of the proxy sees a broken connection in all of them, and the upstream sees the client leave.
# Seen:     so it is in httpxy and @fastify/http-proxy only. http-proxy, http-proxy-3 and express-http-proxy keep the
#           client's connection open, so that it waits for the rest of the answer without an end; after a FIN there is no
#           `error` event either, in which an application could end it. http-proxy-middleware turns a RST into a complete
#           answer and puts "Error occurred while trying to proxy" behind the text of the model. http-proxy, which most
#           development servers used for years, does not close the upstream when the client of a POST leaves: the model
#           answers to its end. A client needs a limit for silence of its own, and must take no stream for whole without
#           its last event.
# Output:   http-proxy: FIN: open, no error event; RST: open, error event; client leaves: upstream stays
#           http-proxy-3: FIN: open, no error event; RST: open, error event; client leaves: upstream closed
#           http-proxy-middleware: FIN: broken; RST: complete, with a text of the proxy; client leaves: upstream closed
#           httpxy: FIN: broken; RST: broken; client leaves: upstream closed
#           @fastify/http-proxy: FIN: broken; RST: broken; client leaves: upstream closed
#           express-http-proxy: FIN: open; RST: open; client leaves: upstream closed
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund http-proxy@1.18.1 http-proxy-3@2.0.1 http-proxy-middleware@4.2.2 httpxy@0.5.6 \
  fastify@5.12.8 @fastify/http-proxy@11.6.3 express@5.3.0 express-http-proxy@2.1.2 || exit 2

cat >finding.mjs <<'JS'
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import fastifyProxy from '@fastify/http-proxy';
import express from 'express';
import expressHttpProxy from 'express-http-proxy';
import Fastify from 'fastify';
import httpProxy from 'http-proxy';
import * as httpProxy3 from 'http-proxy-3';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { createProxyServer as createHttpxy } from 'httpxy';

const host = '127.0.0.1';
async function listen(handler) {
  const server = http.createServer(handler);
  await new Promise((resolve) => server.listen(0, host, resolve));
  return server.address().port;
}
const closed = new Set();
const origin = await listen((request, response) => {
  request.resume();
  response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
  const { pathname, searchParams } = new URL(request.url, 'http://x');
  response.on('close', () => closed.add(searchParams.get('proxy')));
  if (pathname === '/FIN') setTimeout(() => response.socket.destroy(), 300);
  else if (pathname === '/RST') setTimeout(() => response.socket.resetAndDestroy(), 300);
  else {
    const timer = setInterval(() => response.write('data: n\n\n'), 200);
    response.on('close', () => clearInterval(timer));
  }
});
const target = `http://${host}:${origin}`;

// For proxies that have no server of their own; an error listener, without which they would throw.
const failed = new Set();
function bare(name, proxy) {
  proxy.on('error', (error, request) => failed.add(request.url));
  return listen((request, response) => Promise.resolve(proxy.web(request, response)).catch(() => {}));
}
const fastify = Fastify();
fastify.register(fastifyProxy, { upstream: target });
await fastify.listen({ host, port: 0 });
const ports = {
  'http-proxy': await bare('http-proxy', httpProxy.createProxyServer({ target })),
  'http-proxy-3': await bare('http-proxy-3', httpProxy3.createProxyServer({ target })),
  'http-proxy-middleware': await listen(express().use(createProxyMiddleware({ target }))),
  'httpxy': await bare('httpxy', createHttpxy({ target })),
  '@fastify/http-proxy': fastify.server.address().port,
  'express-http-proxy': await listen(express().use(expressHttpProxy(target))),
};
const withListener = ['http-proxy', 'http-proxy-3'];

function post(port, path, onResponse) {
  const headers = { 'content-type': 'application/json' };
  const request = http.request({ host, port, path, method: 'POST', headers, agent: false }, onResponse);
  request.on('error', () => {}).end('{"stream":true}');
  return request;
}
function end(name, how) {
  const path = `/${how}?proxy=${encodeURIComponent(name)}`;
  return new Promise((resolve) => {
    let body = '';
    const request = post(ports[name], path, (response) => {
      response.on('data', (data) => (body += data));
      response.on('end', () => resolve(body === 'data: 1\n\n' ? 'complete' : 'complete, with a text of the proxy'));
      response.on('error', () => resolve('broken'));
    });
    setTimeout(() => {
      const event = withListener.includes(name) ? `, ${failed.has(path) ? '' : 'no '}error event` : '';
      resolve(body === 'data: 1\n\n' ? `open${event}` : `unexpected: ${body}`);
      request.destroy();
    }, 5000);
  });
}
async function leave(name) {
  const id = `${name} left`;
  await new Promise((resolve) => {
    const request = post(ports[name], `/leave?proxy=${encodeURIComponent(id)}`, (response) => {
      response.on('error', () => {});
      response.once('data', () => resolve(request.destroy()));
    });
  });
  await pause(4000);
  return closed.has(id) ? 'upstream closed' : 'upstream stays';
}
const lines = await Promise.all(Object.keys(ports).map(async (name) => {
  const [fin, rst, left] = await Promise.all([end(name, 'FIN'), end(name, 'RST'), leave(name)]);
  return `${name}: FIN: ${fin}; RST: ${rst}; client leaves: ${left}`;
}));
console.log(lines.join('\n'));
process.exit();
JS

node --no-deprecation finding.mjs | tee seen
diff - seen <<'EXPECTED'
http-proxy: FIN: open, no error event; RST: open, error event; client leaves: upstream stays
http-proxy-3: FIN: open, no error event; RST: open, error event; client leaves: upstream closed
http-proxy-middleware: FIN: broken; RST: complete, with a text of the proxy; client leaves: upstream closed
httpxy: FIN: broken; RST: broken; client leaves: upstream closed
@fastify/http-proxy: FIN: broken; RST: broken; client leaves: upstream closed
express-http-proxy: FIN: open; RST: open; client leaves: upstream closed
EXPECTED
