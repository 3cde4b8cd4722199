#!/usr/bin/env bash
# What:     @huggingface/inference 4.13.30, openai 7.59.0 and cohere-ai 8.1.0 (npm) on Node.js 20: a chat that is answered
#           503 with `Retry-After: 60`, by default options, streamed and not.
# Guess:    huggingface repeats it twice or so, with growing pauses or as the field says, as the others do, and then
#           rejects.
# Seen:     it repeats at once, and does not end: hundreds of POSTs a second from one call, each with the whole body,
#           until the server says something else. A server that is full, and says so, gets the more requests the longer it
#           is. Others make three or fewer. `retry_on_error: false` in the options of the call switches it off.
# Output:   huggingface, whole: 100 requests or more in 3 s, still repeating
#           huggingface, streamed: 100 requests or more in 3 s, still repeating
#           huggingface, streamed, retry_on_error false: 1 request, Error
#           openai: 1 request in 3 s, waiting
#           cohere: 1 request in 3 s, waiting
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --force @huggingface/inference@4.13.30 openai@7.59.0 cohere-ai@8.1.0 || exit 2

cat >finding.mjs <<'JS'
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { InferenceClient } from '@huggingface/inference';
import { CohereClientV2 } from 'cohere-ai';
import OpenAI from 'openai';

const counts = {};
let over = false;
const server = http.createServer((request, response) => {
  request.resume();
  const [, name] = request.url.split('/');
  counts[name] = (counts[name] ?? 0) + 1;
  const head = { 'content-type': 'application/json', 'retry-after': '60' };
  response.writeHead(over ? 400 : 503, head).end('{"error":"busy"}');
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const root = `http://127.0.0.1:${server.address().port}`;
const messages = [{ role: 'user', content: 'Hello' }], model = 'm';
async function all(stream) {
  for await (const piece of stream);
}
const huggingface = (id) => new InferenceClient('k', { endpointUrl: `${root}/${id}/v1/chat/completions` });
const cases = {
  'huggingface, whole': (id) => huggingface(id).chatCompletion({ model, messages }),
  'huggingface, streamed': (id) => all(huggingface(id).chatCompletionStream({ model, messages })),
  'huggingface, streamed, retry_on_error false': (id) =>
    all(huggingface(id).chatCompletionStream({ model, messages }, { retry_on_error: false })),
  'openai': (id) => new OpenAI({ apiKey: 'k', baseURL: `${root}/${id}` }).chat.completions.create({ model, messages }),
  'cohere': (id) => new CohereClientV2({ token: 'k', baseUrl: `${root}/${id}`, environment: `${root}/${id}` }).chat({ model, messages }),
};
for (const [i, [name, run]] of Object.entries(cases).entries()) {
  over = false;
  const end = await Promise.race([run(`case${i}`).then(() => 'answer', () => 'Error'), pause(3000)]);
  const count = counts[`case${i}`];
  const amount = count >= 100 ? '100 requests or more' : count === 1 ? '1 request' : `${count} requests`;
  console.log(`${name}: ${amount}${end ? `, ${end}` : ` in 3 s, ${count >= 100 ? 'still repeating' : 'waiting'}`}`);
  over = true; // ends what still repeats
  await pause(200);
}
process.exit();
JS

node --no-deprecation finding.mjs 2>messages | tee seen
diff - seen <<'EXPECTED'
huggingface, whole: 100 requests or more in 3 s, still repeating
huggingface, streamed: 100 requests or more in 3 s, still repeating
huggingface, streamed, retry_on_error false: 1 request, Error
openai: 1 request in 3 s, waiting
cohere: 1 request in 3 s, waiting
EXPECTED
