#!/usr/bin/env bash
# What:     morgan 1.12.1, pino-http 11.0.0 and express-prom-bundle 8.0.0 (npm) with express 5.3.0 on Node.js 20: a
#           streamed answer of one second that is read to its end, one that its client leaves, and one that the server
#           breaks off.
# Guess:    the log and the metric tell the three apart, by a status such as 499 or a word, and their time is the
#           second.
# Seen:     for morgan and express-prom-bundle all three are a 200. An objective made of status_code="200" counts each
#           answer that broke off as a good one; only a client that leaves before the head is a 499 to the metric.
#           morgan's `:response-time`, and so its formats "dev" and "tiny", ends with the head: a chat of a second takes
#           a few milliseconds (`:total-time` is the whole). pino-http says "request aborted", at the level of a good
#           request, for a client that left and for a server that broke off alike.
# Output:   read to its end: morgan 200, below 500 ms; pino-http request completed, level 30; counted as 200
#           left by the client: morgan 200, below 500 ms; pino-http request aborted, level 30; counted as 200
#           broken off by the server: morgan 200, below 500 ms; pino-http request aborted, level 30; counted as 200
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund express@5.3.0 morgan@1.12.1 pino-http@11.0.0 express-prom-bundle@8.0.0 \
  prom-client@15.1.3 || exit 2

cat >finding.mjs <<'JS'
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import express from 'express';
import bundle from 'express-prom-bundle';
import morgan from 'morgan';
import pinoHttp from 'pino-http';

const lines = {};
const log = (name) => ({ write: (line) => (lines[name] = line) });
const metrics = bundle({ includePath: true });
const app = express().use(metrics).use(pinoHttp({}, log('pino'))).use(morgan('tiny', { stream: log('morgan') }));
async function answer(response, pieces) {
  response.req.resume();
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (let piece = 0; piece < pieces && !response.closed; piece++) {
    response.write('data: word\n\n');
    await pause(100);
  }
}
app.post(['/whole', '/left'], async (request, response) => {
  await answer(response, 10);
  response.end();
});
app.post('/broken', async (request, response) => {
  await answer(response, 5);
  response.destroy();
});
const server = app.listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));

const post = (path, milliseconds) => new Promise((resolve) => {
  const request = http.request({ host: '127.0.0.1', port: server.address().port, method: 'POST', path });
  request.on('response', (response) => {
    response.resume().on('close', resolve).on('error', () => {});
    if (milliseconds) setTimeout(() => request.destroy(), milliseconds);
  }).on('error', () => {}).end('{}');
});
for (const [title, path, milliseconds] of [['read to its end', '/whole'], ['left by the client', '/left', 500],
  ['broken off by the server', '/broken']]) {
  await post(path, milliseconds);
  await pause(1000);
  const [, status, duration] = lines.morgan.match(/ (\S+) \S+ - (\S+) ms/);
  const { level, msg } = JSON.parse(lines.pino);
  const text = await metrics.promClient.register.metrics();
  const [, counted] = text.match(new RegExp(`_count{status_code="(\\d+)".*path="${path}"`));
  const time = +duration < 500 ? 'below 500 ms' : 'the whole time';
  console.log(`${title}: morgan ${status}, ${time}; pino-http ${msg}, level ${level}; counted as ${counted}`);
}
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
read to its end: morgan 200, below 500 ms; pino-http request completed, level 30; counted as 200
left by the client: morgan 200, below 500 ms; pino-http request aborted, level 30; counted as 200
broken off by the server: morgan 200, below 500 ms; pino-http request aborted, level 30; counted as 200
EXPECTED
