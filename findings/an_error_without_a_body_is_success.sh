#!/usr/bin/env bash
# What:     openapi-fetch 0.17.0 and openapi-react-query 0.5.4 with @tanstack/react-query 5.108.4 (npm) on
#           Node.js 20: a GET answered 503 with JSON, with text, and with no body at all, as a balancer
#           or a server that is about to stop sends it.
# Guess:    `error` is set for every status outside 2xx, as both document (`if (error)`), and so the
#           query fails each time.
# Seen:     `error` is the body. Without one it is undefined or "", which `if (error)` takes for a good
#           answer, and openapi-react-query is written so: after `Content-Length: 0` the query succeeds, with
#           null in place of the data, and is not repeated; in chunks it fails by accident, since its
#           data is undefined. What helps is `response.ok`, or a middleware that throws.
# Output:   JSON: error, query error
#           text: error, query error
#           empty: no error, query success null
#           empty, in chunks: no error, query error
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund openapi-fetch@0.17.0 openapi-react-query@0.5.4 \
  @tanstack/react-query@5.108.4 react@19.3.1 || exit 2

cat >finding.mjs <<'JS'
import http from 'node:http';
import { QueryClient } from '@tanstack/react-query';
import createFetchClient from 'openapi-fetch';
import createClient from 'openapi-react-query';

const BODIES = {
  JSON: ['application/json', '{"error":"full"}'],
  text: ['text/plain', 'full'],
  empty: ['text/plain', ''],
  'empty, in chunks': ['text/plain', null],
};
let answer;
const server = http.createServer((request, response) => {
  const [type, body] = answer;
  response.writeHead(503, { 'content-type': type, ...(body !== null && { 'content-length': body.length }) });
  response.flushHeaders();
  response.end(body ?? undefined);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

const client = createFetchClient({ baseUrl: `http://127.0.0.1:${server.address().port}` });
const api = createClient(client);
for (const [name, one] of Object.entries(BODIES)) {
  answer = one;
  const { error } = await client.GET('/status');
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const options = api.queryOptions('get', '/status');
  await queries.fetchQuery(options).catch(() => {});
  const { status, data } = queries.getQueryState(options.queryKey);
  const shown = status === 'success' ? ` ${JSON.stringify(data)}` : '';
  console.log(`${name}: ${error ? 'error' : 'no error'}, query ${status}${shown}`);
}
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
JSON: error, query error
text: error, query error
empty: no error, query success null
empty, in chunks: no error, query error
EXPECTED
