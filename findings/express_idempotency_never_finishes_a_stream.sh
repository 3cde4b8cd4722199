#!/usr/bin/env bash
# What:     express-idempotency 1.0.6 with express 5.3.0 (npm) on Node.js 20: a POST that is sent again with its key,
#           after the answer to the first one was read to its end; the handler answers by send(), by end() or by write()
#           and end().
# Guess:    the second request gets the answer of the first, however the handler has written it.
# Seen:     only what send() or json() has written is kept. After end() alone, and so after every stream, the key stays
#           "in progress": each repeat is a 409 for as long as the key is kept, though the answer was given in full. A
#           client that lost the end of a streamed answer, for whom the key was made, cannot get it in any way. In front
#           of streams, the handler has to end the key itself (reportError, and then the repeat is carried out again).
# Output:   send(): 201 "answer 1", again: 201 "answer 1", 1 run
#           end(): 201 "answer 1", again: 409, 1 run
#           stream: 201 "answer 1", again: 409, 1 run
#           stream with reportError: 201 "answer 1", again: 201 "answer 2", 2 runs
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund express@5.3.0 express-idempotency@1.0.6 || exit 2

cat >finding.cjs <<'JS'
const http = require('node:http');
const { setTimeout: pause } = require('node:timers/promises');
const express = require('express');
const { getSharedIdempotencyService, idempotency } = require('express-idempotency');

const app = express();
app.use(express.json(), idempotency());
let runs = 0;
const stream = async (response, text) => {
  for (const letter of text) {
    response.write(letter);
    await pause(20);
  }
  response.end();
};
const handlers = {
  'send()': (response, text) => response.send(text),
  'end()': (response, text) => response.end(text),
  'stream': stream,
  'stream with reportError': async (response, text, request) => {
    await stream(response, text);
    await getSharedIdempotencyService().reportError(request);
  },
};
app.post('/', async (request, response) => {
  if (getSharedIdempotencyService().isHit(request)) return;
  await handlers[request.body.handler](response.status(201), `answer ${++runs}`, request);
});
const server = app.listen(0, '127.0.0.1', async () => {
  const { port } = server.address();
  const post = (handler) => new Promise((resolve) => {
    const headers = { 'content-type': 'application/json', 'idempotency-key': `key of ${handler}` };
    http.request({ host: '127.0.0.1', port, method: 'POST', headers }, (response) => {
      let body = '';
      response.on('data', (data) => (body += data));
      response.on('end', () => resolve(response.statusCode === 201 ? `201 ${JSON.stringify(body)}` : `${response.statusCode}`));
    }).end(JSON.stringify({ handler }));
  });
  for (const handler of Object.keys(handlers)) {
    runs = 0;
    const first = await post(handler);
    await pause(1000);
    const again = await post(handler);
    console.log(`${handler}: ${first}, again: ${again}, ${runs} run${runs === 1 ? '' : 's'}`);
  }
  process.exit();
});
JS

node finding.cjs 2>messages | tee seen
diff - seen <<'EXPECTED'
send(): 201 "answer 1", again: 201 "answer 1", 1 run
end(): 201 "answer 1", again: 409, 1 run
stream: 201 "answer 1", again: 409, 1 run
stream with reportError: 201 "answer 1", again: 201 "answer 2", 2 runs
EXPECTED
