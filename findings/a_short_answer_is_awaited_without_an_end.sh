#!/usr/bin/env bash
# What:     node-fetch 2.7.0 and 3.3.2, needle 3.5.0, bent 7.3.12, axios 1.21.1, got 14.6.6, superagent 10.4.2, fetch() of Node.js 20, and
#           @cerebras/cerebras_cloud_sdk 1.91.0 (npm), which stands on node-fetch 2: a JSON answer whose server closes its
#           connection (FIN) amid the body, as when its process is killed; with a Content-Length, and in chunks.
# Guess:    (worded after the first run) each rejects at once: the connection is closed, and more cannot come.
# Seen:     with node-fetch 2 an answer with a length, and with needle and bent each one, is awaited without an end: the
#           promise neither resolves nor rejects. The client of Cerebras has a `timeout` of its own, 2 s here: it ends with
#           the head, so that `create()` never returns, and is never repeated. A worker that awaits it is lost for
#           good; one needs an AbortSignal of one's own, or a timer.
# Output:   node-fetch 2: with a length pending for 15 s, chunked rejects
#           node-fetch 3: with a length rejects, chunked rejects
#           needle: with a length pending for 15 s, chunked pending for 15 s
#           bent: with a length pending for 15 s, chunked pending for 15 s
#           axios: with a length rejects, chunked rejects
#           got: with a length rejects, chunked rejects
#           superagent: with a length rejects, chunked rejects
#           fetch: with a length rejects, chunked rejects
#           cerebras, timeout 2 s: with a length pending for 15 s, chunked rejects
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund node-fetch@3.3.2 node-fetch-2@npm:node-fetch@2.7.0 needle@3.5.0 bent@7.3.12 axios@1.21.1 \
  got@14.6.6 superagent@10.4.2 @cerebras/cerebras_cloud_sdk@1.91.0 || exit 2

cat >finding.mjs <<'JS'
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import Cerebras from '@cerebras/cerebras_cloud_sdk';
import axios from 'axios';
import bent from 'bent';
import got from 'got';
import needle from 'needle';
import nodeFetch3 from 'node-fetch';
import nodeFetch2 from 'node-fetch-2';
import superagent from 'superagent';

const part = '{"id":"x","object":"chat.completion","choices":[';
const server = net.createServer((connection) => {
  connection.on('error', () => {});
  let request = '';
  connection.on('data', (data) => {
    request += data;
    const [fields, body] = request.split('\r\n\r\n');
    const length = /^content-length: (\d+)/im.exec(fields)?.[1] ?? 2;
    if (!body || body.length < length) return;
    const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
    if (request.startsWith('POST /length')) connection.write(`${head}content-length: 1000\r\n\r\n${part}`);
    else connection.write(`${head}transfer-encoding: chunked\r\n\r\n${part.length.toString(16)}\r\n${part}\r\n`);
    setTimeout(() => connection.end(), 200);
  });
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const root = `http://127.0.0.1:${server.address().port}`;

const headers = { 'content-type': 'application/json' };
const init = { method: 'POST', headers, body: '{}' };
const clients = {
  'node-fetch 2': (url) => nodeFetch2(url, init).then((response) => response.json()),
  'node-fetch 3': (url) => nodeFetch3(url, init).then((response) => response.json()),
  'needle': (url) => needle('post', url, '{}', { headers }),
  'bent': (url) => bent('POST', 'json')(url, Buffer.from('{}'), headers),
  'axios': (url) => axios.post(url, '{}', { headers }),
  'got': (url) => got.post(url, { headers, body: '{}', retry: { limit: 0 } }).json(),
  'superagent': (url) => superagent.post(url).set(headers).send('{}'),
  'fetch': (url) => fetch(url, init).then((response) => response.json()),
  'cerebras, timeout 2 s': (url) =>
    new Cerebras({ apiKey: 'k', baseURL: url, timeout: 2000, maxRetries: 0, warmTCPConnection: false })
      .chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'Hello' }] }),
};
process.on('uncaughtException', () => {});
const run = (client, path) => Promise.race([
  client(root + path).then(() => 'resolves', () => 'rejects'), pause(15_000).then(() => 'pending for 15 s')]);
const lines = await Promise.all(Object.entries(clients).map(async ([name, client]) =>
  `${name}: with a length ${await run(client, '/length')}, chunked ${await run(client, '/chunked')}`));
console.log(lines.join('\n'));
process.exit();
JS

node --no-deprecation finding.mjs 2>messages | tee seen
diff - seen <<'EXPECTED'
node-fetch 2: with a length pending for 15 s, chunked rejects
node-fetch 3: with a length rejects, chunked rejects
needle: with a length pending for 15 s, chunked pending for 15 s
bent: with a length pending for 15 s, chunked pending for 15 s
axios: with a length rejects, chunked rejects
got: with a length rejects, chunked rejects
superagent: with a length rejects, chunked rejects
fetch: with a length rejects, chunked rejects
cerebras, timeout 2 s: with a length pending for 15 s, chunked rejects
EXPECTED
