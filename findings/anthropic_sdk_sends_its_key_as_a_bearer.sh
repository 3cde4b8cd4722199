#!/usr/bin/env bash
# What:     @anthropic-ai/sdk 1.14.0 (npm) on Node.js 20: the headers of `messages.create`.
# Guess:    as every page about the API says: `x-api-key` with the key, and `anthropic-version: 2023-06-01`.
# Seen:     `Authorization: Bearer` with the key, no `x-api-key`, and `anthropic-version: 2026-10-21` (since 1.0.0, of
#           2026-10-21). 0.137.0, the last release before, sends what was expected. A server or proxy that looks for
#           `x-api-key`, or admits versions from a list, refuses the new client.
# Output:   0.137.0: x-api-key=the-key authorization=none anthropic-version=2023-06-01
#           1.14.0: x-api-key=none authorization=Bearer the-key anthropic-version=2026-10-21
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund before@npm:@anthropic-ai/sdk@0.137.0 now@npm:@anthropic-ai/sdk@1.14.0

cat >finding.mjs <<'JS'
import http from 'node:http';
import Before from 'before';
import Now from 'now';

const message = {
  id: 'm', type: 'message', role: 'assistant', model: 'm', content: [{ type: 'text', text: 'hi' }],
  stop_reason: 'end_turn', stop_sequence: null, usage: { input_tokens: 1, output_tokens: 1 },
};
let headers;
const server = http.createServer((request, response) => {
  headers = request.headers;
  request.resume().on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(message));
  });
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const baseURL = `http://127.0.0.1:${server.address().port}`;

for (const [version, Client] of [['0.137.0', Before], ['1.14.0', Now]]) {
  const client = new Client({ apiKey: 'the-key', baseURL, maxRetries: 0 });
  await client.messages.create({ model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'hello' }] });
  const fields = ['x-api-key', 'authorization', 'anthropic-version'];
  console.log(`${version}: ${fields.map((name) => `${name}=${headers[name] ?? 'none'}`).join(' ')}`);
}
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
0.137.0: x-api-key=the-key authorization=none anthropic-version=2023-06-01
1.14.0: x-api-key=none authorization=Bearer the-key anthropic-version=2026-10-21
EXPECTED
