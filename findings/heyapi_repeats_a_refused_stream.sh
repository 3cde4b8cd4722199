#!/usr/bin/env bash
# What:     @hey-api/openapi-ts 0.95.0 (npm) on Node.js 20: the client that it makes for a POST that is answered with
#           `text/event-stream`, with its options as they are, against a server that answers in full, cuts the stream behind
#           two words, or refuses with 401, or with 503 and `Retry-After: 120`; for twelve seconds each.
# Guess:    a 401 is thrown out of the loop; a cut stream is an error too, or is asked for again a few times; the POST is not
#           repeated without being asked to.
# Seen:     nothing is ever thrown. A 401 and a 503 are repeated after 3 s, 6 s, 12 s and so on up to 30 s, without an end, whatever
#           Retry-After says; the loop just waits. A cut stream is POSTed again, and the loop gives the words of each answer, one
#           after the other, as one. Only `onSseError` sees it, and `sseMaxRetryAttempts: 1` ends it, with a good end of the loop for
#           a 401, too. What the description calls an answer by events is not meant to be resumed, but the client takes it for
#           an EventSource.
# Output:   whole: 1 request, "one two three", good end
#           cut: 3 requests, "one two one two one two", waits
#           401: 3 requests, "", waits
#           503: 3 requests, "", waits
#           401 with sseMaxRetryAttempts 1: 1 request, "", good end
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{"type":"module"}' >package.json
npm install --silent --no-audit --no-fund --force @hey-api/openapi-ts@0.95.0 typescript@5.9.3 esbuild@0.25.12 || exit 2

cat >description.json <<'JSON'
{"openapi": "3.1.0", "info": {"title": "Chat", "version": "1"}, "paths": {"/chat": {"post": {"operationId": "chat",
  "requestBody": {"content": {"application/json": {"schema": {"type": "object", "properties": {"message": {"type": "string"}}}}}},
  "responses": {"200": {"description": "Events", "content": {"text/event-stream": {"schema": {"type": "object",
    "properties": {"word": {"type": "string"}}}}}}}}}}}
JSON
npx openapi-ts -i description.json -o client >log 2>&1 || { cat log >&2; exit 1; }
npx esbuild client/sdk.gen.ts client/client.gen.ts --bundle --splitting --format=esm --platform=node --outdir=built --log-level=error

cat >finding.mjs <<'JS'
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { client } from './built/client.gen.js';
import { chat } from './built/sdk.gen.js';

const requests = {};
const server = http.createServer((request, response) => {
  request.resume();
  const how = request.headers['x-how'];
  requests[how] = (requests[how] ?? 0) + 1;
  if (Number(how) > 0) return response.writeHead(Number(how), { 'retry-after': '120' }).end();
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const word of ['one', 'two']) response.write(`data: {"word":"${word}"}\n\n`);
  if (how === 'cut') setTimeout(() => response.destroy(), 200);
  else response.end('data: {"word":"three"}\n\n');
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
client.setConfig({ baseUrl: `http://127.0.0.1:${server.address().port}` });

async function observe(title, how, options) {
  requests[how] = 0;
  const words = [];
  let end = 'waits';
  const read = async () => {
    const { stream } = await chat({ body: { message: 'Hello' }, headers: { 'x-how': how }, ...options });
    for await (const { word } of stream) words.push(word);
    end = 'good end';
  };
  await Promise.race([read().catch((error) => (end = `throws ${error}`)), pause(12_000)]);
  return `${title}: ${requests[how]} request${requests[how] > 1 ? 's' : ''}, "${words.join(' ')}", ${end}`;
}
const lines = await Promise.all(['whole', 'cut', '401', '503'].map((how) => observe(how, how)));
lines.push(await observe('401 with sseMaxRetryAttempts 1', '401', { sseMaxRetryAttempts: 1 }));
console.log(lines.join('\n'));
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
whole: 1 request, "one two three", good end
cut: 3 requests, "one two one two one two", waits
401: 3 requests, "", waits
503: 3 requests, "", waits
401 with sseMaxRetryAttempts 1: 1 request, "", good end
EXPECTED
