#!/usr/bin/env bash
# What:     openapi-fetch 0.17.0 (npm, Node.js 20), the typed client of openapi-typescript: `const { data, error } = await
#           client.GET(path)` at statuses outside 2xx, with and without a body.
# Guess:    `error` is there for each status outside 2xx, whatever the body is; a page tests it, as its manual shows.
# Seen:     an empty answer has no `error`: undefined with `Content-Length: 0`, and "" if it comes in chunks. Balancers and
#           proxies answer such 503s, and servers such 401s. `if (error)` then takes the failure for a success without
#           data. `response.ok` knows.
# Output:   503 with JSON: error is an object
#           503 with text: error is "busy"
#           503, Content-Length 0: error is undefined
#           503 in chunks, empty: error is ""
#           401, Content-Length 0: error is undefined
#           200, Content-Length 0: error is undefined
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund openapi-fetch@0.17.0 || exit 2

cat >finding.mjs <<'JS'
import http from 'node:http';
import createClient from 'openapi-fetch';

const bodies = {
  json: (answer) => answer.setHeader('Content-Type', 'application/json').end('{"reason":"busy"}'),
  text: (answer) => answer.setHeader('Content-Type', 'text/plain').end('busy'),
  none: (answer) => answer.setHeader('Content-Length', 0).end(),
  chunks: (answer) => { answer.flushHeaders(); answer.end(); },
};
const server = http.createServer((request, answer) => {
  const [, status, body] = request.url.split('/');
  answer.statusCode = Number(status);
  bodies[body](answer);
});
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const client = createClient({ baseUrl: `http://127.0.0.1:${server.address().port}` });
for (const [title, path] of [
  ['503 with JSON', '/503/json'], ['503 with text', '/503/text'], ['503, Content-Length 0', '/503/none'],
  ['503 in chunks, empty', '/503/chunks'], ['401, Content-Length 0', '/401/none'],
  ['200, Content-Length 0', '/200/none'],
]) {
  const { error } = await client.GET(path);
  console.log(`${title}: error is ${error && typeof error === 'object' ? 'an object' : JSON.stringify(error)}`);
}
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
503 with JSON: error is an object
503 with text: error is "busy"
503, Content-Length 0: error is undefined
503 in chunks, empty: error is ""
401, Content-Length 0: error is undefined
200, Content-Length 0: error is undefined
EXPECTED
