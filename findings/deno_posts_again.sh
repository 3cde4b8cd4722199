#!/usr/bin/env bash
# What:     fetch() of Deno 2.9.6, Bun 1.4.5 (npm) and Node.js 20, and openai 7.59.0 on them with `maxRetries: 0`: a POST on a
#           connection that an answer has left open, and that the server closes without a byte, as one that is just ending
#           does; and a POST that is answered with 421 (Misdirected Request).
# Guess:    the POST is sent once and rejects in all three runtimes; a 421 is an answer like any other.
# Seen:     Deno sends the POST a second time, on a new connection, and the program sees nothing of it: a chat that a server
#           took and had begun when it went down is made, and paid, twice, in spite of `maxRetries: 0`. Bun and Node.js reject. At a
#           421 Node.js sends it again and the others do not. Only a key in the request lets the server know the second one.
# Output:   deno: fetch: closed 2 requests, 421 1 request; openai without retries: closed 2 requests
#           bun: fetch: closed 1 request, 421 1 request; openai without retries: closed 1 request
#           node: fetch: closed 1 request, 421 2 requests; openai without retries: closed 1 request
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --force deno@2.9.6 bun@1.4.5 openai@7.59.0 || exit 2

cat >server.mjs <<'JS'
// Answers /ok and keeps the connection; answers /misdirected with 421; closes at anything else. Counts by the field x-name.
import http from 'node:http';
import { renameSync, writeFileSync } from 'node:fs';
const counts = {};
const server = http.createServer((request, response) => {
  if (request.url === '/counts') return response.end(JSON.stringify(counts));
  const name = `${request.headers['x-name']} ${request.url}`;
  counts[name] = (counts[name] ?? 0) + 1;
  request.resume().on('end', () => {
    if (request.url === '/ok') response.end('{}');
    else if (request.url === '/misdirected') response.writeHead(421).end();
    else request.socket.destroySoon();
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  writeFileSync('port.new', String(server.address().port));
  renameSync('port.new', 'port');
});
JS
node server.mjs &
until [[ -e port ]]; do sleep 0.05; done

cat >client.mjs <<'JS'
import OpenAI from 'openai';
const [, , base, name] = globalThis.process.argv;
const headers = { 'content-type': 'application/json', 'x-name': name };
const post = (path) => fetch(base + path, { method: 'POST', headers, body: '{}' });
for (const path of ['/fetch', '/misdirected']) {
  await (await post('/ok')).text(); // opens the connection, and leaves it to the next request
  await post(path).then((response) => response.text(), () => 'rejected');
}
await (await post('/ok')).text();
const client = new OpenAI({ apiKey: 'k', baseURL: base, maxRetries: 0, defaultHeaders: headers });
await client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'Hello' }] }).catch(() => 'rejected');
globalThis.process.exit();
JS
base=http://127.0.0.1:$(<port)
DENO_NO_UPDATE_CHECK=1 node_modules/.bin/deno run -A client.mjs "$base" deno 2>messages
node_modules/.bin/bun run client.mjs "$base" bun 2>>messages
node client.mjs "$base" node 2>>messages
requests() { curl -s "$base/counts" | jq -r --arg name "$1" '.[$name] // 0 | if . == 1 then "1 request" else "\(.) requests" end'; }
for name in deno bun node; do
  echo "$name: fetch: closed $(requests "$name /fetch"), 421 $(requests "$name /misdirected");" \
    "openai without retries: closed $(requests "$name /chat/completions")"
done | tee seen
diff - seen <<'EXPECTED'
deno: fetch: closed 2 requests, 421 1 request; openai without retries: closed 2 requests
bun: fetch: closed 1 request, 421 1 request; openai without retries: closed 1 request
node: fetch: closed 1 request, 421 2 requests; openai without retries: closed 1 request
EXPECTED
