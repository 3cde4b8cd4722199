#!/usr/bin/env bash
# What:     openai 7.59.0, @anthropic-ai/sdk 1.14.0 and groq-sdk 1.6.0 (npm) on Node.js 20, and
#           stripe 23.1.0 beside them: what marks the second attempt of a POST as the same request.
# Guess:    an `Idempotency-Key` that is the same in each attempt: the clients repeat the POST
#           without being asked to, after a 503 and after a connection that broke.
# Seen:     stripe sends one. The three others send none, neither first nor later: there is only
#           `x-stainless-retry-count`, which says that this is a repeat, but not of what. A server
#           or a gateway cannot recognise a repeated chat by a key of its client; it has to take one
#           from the application (option `headers` of the call: that one is in each attempt).
# Output:   stripe: a key, the same in 3 attempts
#           openai: no key in 3 attempts, x-stainless-retry-count 0, 1, 2
#           anthropic: no key in 3 attempts, x-stainless-retry-count 0, 1, 2
#           groq: no key in 3 attempts, x-stainless-retry-count 0, 1, 2
#           openai, the caller's key: a key, the same in 3 attempts
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund openai@7.59.0 @anthropic-ai/sdk@1.14.0 groq-sdk@1.6.0 stripe@23.1.0 || exit 2

cat >finding.mjs <<'JS'
import http from 'node:http';
import Anthropic from '@anthropic-ai/sdk';
import Groq from 'groq-sdk';
import OpenAI from 'openai';
import Stripe from 'stripe';

let attempts = [];
const server = http.createServer((request, response) => {
  attempts.push(request.headers);
  request.resume().on('end', () => response.writeHead(503, { 'content-type': 'application/json' }).end('{}'));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address();
const options = { apiKey: 'key', baseURL: `http://127.0.0.1:${port}`, maxRetries: 2 };
const body = { model: 'm', messages: [{ role: 'user', content: 'a question' }] };
const clients = {
  stripe: () =>
    new Stripe('key', { host: '127.0.0.1', port, protocol: 'http', maxNetworkRetries: 2 }).customers.create({}),
  openai: () => new OpenAI(options).chat.completions.create(body),
  anthropic: () => new Anthropic(options).messages.create({ ...body, max_tokens: 9 }),
  groq: () => new Groq(options).chat.completions.create(body),
  "openai, the caller's key": () =>
    new OpenAI(options).chat.completions.create(body, { headers: { 'idempotency-key': 'of the caller' } }),
};
for (const [name, send] of Object.entries(clients)) {
  attempts = [];
  await send().catch(() => {});
  const keys = new Set(attempts.map((headers) => headers['idempotency-key']));
  const counts = attempts.map((headers) => headers['x-stainless-retry-count']).join(', ');
  const seen = keys.has(undefined)
    ? `no key in ${attempts.length} attempts, x-stainless-retry-count ${counts}`
    : `a key, ${keys.size === 1 ? 'the same' : 'another'} in ${attempts.length} attempts`;
  console.log(`${name}: ${seen}`);
}
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
stripe: a key, the same in 3 attempts
openai: no key in 3 attempts, x-stainless-retry-count 0, 1, 2
anthropic: no key in 3 attempts, x-stainless-retry-count 0, 1, 2
groq: no key in 3 attempts, x-stainless-retry-count 0, 1, 2
openai, the caller's key: a key, the same in 3 attempts
EXPECTED
