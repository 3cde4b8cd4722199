#!/usr/bin/env bash
# What:     undici 7.30.2 (npm, Node.js 20), `RetryAgent` with its defaults: a GET whose answer is an event stream, which is
#           cut after its first event. The server is an ordinary one of event streams: it knows no ranges.
# Guess:    once a byte was given to the reader, the stream cannot be repeated: the reader gets the network's error
#           ("terminated"), and the server one request.
# Seen:     the agent asks a second time, with `Range: bytes=29-` and neither `If-Match` nor `Last-Event-ID`. The server
#           starts the work of another stream; its 200 is then an error to the reader, UND_ERR_REQ_RETRY, that speaks of
#           range headers, and the second stream is thrown away. A model behind a GET works twice for one cut.
# Output:   reader: 1 event, then UND_ERR_REQ_RETRY: server does not support the range header and the payload was partially consumed
#           server: GET, GET with Range: bytes=29-
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund undici@7.30.2 || exit 2

cat >finding.mjs <<'JS'
import http from 'node:http';
import { Agent, request, RetryAgent } from 'undici';

const requests = [];
const server = http.createServer((received, answer) => {
  const { range } = received.headers;
  requests.push(received.method + (range ? ` with Range: ${range}` : ''));
  answer.setHeader('Content-Type', 'text/event-stream');
  answer.write('id: 1\ndata: the first event\n\n'.slice(0, 29));
  setTimeout(() => answer.destroy(), 300);
});
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
let events = 0;
try {
  const { body } = await request(`http://127.0.0.1:${server.address().port}/events`,
    { dispatcher: new RetryAgent(new Agent()) });
  for await (const piece of body) events += String(piece).split('data:').length - 1;
  console.log(`reader: ${events} event, then a good end`);
} catch (error) {
  console.log(`reader: ${events} event, then ${error.code}: ${error.message}`);
}
console.log(`server: ${requests.join(', ')}`);
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
reader: 1 event, then UND_ERR_REQ_RETRY: server does not support the range header and the payload was partially consumed
server: GET, GET with Range: bytes=29-
EXPECTED
