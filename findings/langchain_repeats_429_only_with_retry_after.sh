#!/usr/bin/env bash
# What:     @langchain/openai 1.6.0 (npm) on Node.js 20, its default of six repeats: a 429 with and
#           without Retry-After.
# Guess:    both are repeated, the one after the time that is told, the other after a pause of the
#           client's own choice, as 503 is, and as the openai package does that it is built on.
# Seen:     a 429 without a Retry-After that it can read goes to the caller at once, with none of
#           the six repeats, and neither retry-after-ms, X-RateLimit-Reset-Requests nor the
#           RateLimit fields of the IETF draft help. A limiter that leaves Retry-After away turns
#           each refusal into a failure of the application.
# Output:   openai: 2 requests each time
#           langchain, 429: 1 request, RateLimitError
#           langchain, 503: 2 requests, well
#           langchain, 429, Retry-After: 1: 2 requests, well
#           langchain, 429, retry-after-ms: 100: 1 request, RateLimitError
#           langchain, 429, X-RateLimit-Reset-Requests: 1s: 1 request, RateLimitError
#           langchain, 429, RateLimit: "default";r=0;t=1: 1 request, RateLimitError
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund @langchain/openai@1.6.0 @langchain/core@1.4.0 openai@7.59.0

cat >finding.mjs <<'JS'
import http from 'node:http';
import { ChatOpenAI } from '@langchain/openai';
import OpenAI from 'openai';

const ANSWERS = {
  '503': [503, {}],
  '429, Retry-After: 1': [429, { 'retry-after': '1' }],
  '429': [429, {}],
  '429, retry-after-ms: 100': [429, { 'retry-after-ms': '100' }],
  '429, X-RateLimit-Reset-Requests: 1s': [429, { 'x-ratelimit-reset-requests': '1s' }],
  '429, RateLimit: "default";r=0;t=1': [429, { ratelimit: '"default";r=0;t=1' }],
};
const whole = {
  id: 'c', object: 'chat.completion', created: 1, model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'well' }, finish_reason: 'stop' }],
};
const refusal = { error: { message: 'slower', type: 'rate_limit_error', code: null, param: null } };
let refused;
let requests;
const server = http.createServer((request, response) => {
  request.resume();
  requests += 1;
  const [status, headers] = requests === 1 ? refused : [200, {}];
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(status === 200 ? whole : refusal));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const baseURL = `http://127.0.0.1:${server.address().port}/v1`;

const clients = {
  openai: () => new OpenAI({ apiKey: 'key', baseURL }).chat.completions
    .create({ model: 'm', messages: [] }).then(({ choices }) => choices[0].message.content),
  langchain: () => new ChatOpenAI({ apiKey: 'key', model: 'm', configuration: { baseURL } })
    .invoke('hello').then(({ content }) => content),
};
for (const [name, chat] of Object.entries(clients)) {
  for (const [title, answer] of Object.entries(ANSWERS)) {
    [refused, requests] = [answer, 0];
    const outcome = await chat().catch((error) => error.constructor.name);
    console.log(`${name}, ${title}: ${requests} request${requests === 1 ? '' : 's'}, ${outcome}`);
  }
}
process.exit();
JS

node finding.mjs 2>messages | tee seen
diff - seen <<'EXPECTED'
openai, 429: 2 requests, well
openai, 503: 2 requests, well
openai, 429, Retry-After: 1: 2 requests, well
openai, 429, retry-after-ms: 100: 2 requests, well
openai, 429, X-RateLimit-Reset-Requests: 1s: 2 requests, well
openai, 429, RateLimit: "default";r=0;t=1: 2 requests, well
langchain, 429: 1 request, RateLimitError
langchain, 503: 2 requests, well
langchain, 429, Retry-After: 1: 2 requests, well
langchain, 429, retry-after-ms: 100: 1 request, RateLimitError
langchain, 429, X-RateLimit-Reset-Requests: 1s: 1 request, RateLimitError
langchain, 429, RateLimit: "default";r=0;t=1: 1 request, RateLimitError
EXPECTED
