#!/usr/bin/env bash
# What:     ollama 0.6.4, ai 7.0.173 with @ai-sdk/openai-compatible 3.0.92, and openai 7.59.0 (npm)
#           on Node.js 20: the message of the exception for a 503 whose body says why.
# Guess:    whatever the shape of the body, its text is in the message: the client has read it.
# Seen:     openai shows the text always, in the worst case with the JSON around it. ollama shows
#           "[object Object]" for the error object of OpenAI's API, and the reason phrase where
#           there is no member `error`; ai shows the text of the error object only, and the reason
#           phrase for everything else: "Service Unavailable" for problem details (RFC 9457), for
#           Ollama's own {"error":"text"}, and for plain text. A server that speaks several APIs has
#           to choose the shape by path, also for refusals that come before the routes.
# Output:   NAME: error object / error text / problem details / member detail / plain text
#           openai: text / text / text / text / text
#           ai: text / phrase / phrase / phrase / phrase
#           ollama: [object Object] / text / text / phrase / text
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund openai@7.59.0 ollama@0.6.4 ai@7.0.173 @ai-sdk/openai-compatible@3.0.92

cat >finding.mjs <<'JS'
import http from 'node:http';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText } from 'ai';
import { Ollama } from 'ollama';
import OpenAI from 'openai';

const TEXT = 'no room here';
const BODIES = [
  ['application/json', { error: { message: TEXT, type: 'server_error', code: 'x', param: null } }],
  ['application/json', { error: TEXT }],
  ['application/problem+json', { type: 'about:blank', title: 'Full', status: 503, detail: TEXT }],
  ['application/json', { detail: TEXT }],
  ['text/plain', TEXT],
];
let body;
const server = http.createServer((request, response) => {
  request.resume();
  response.writeHead(503, { 'content-type': body[0] });
  response.end(typeof body[1] === 'string' ? body[1] : JSON.stringify(body[1]));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${server.address().port}`;
const baseURL = `${origin}/v1`;

const chat = { model: 'm', messages: [{ role: 'user', content: 'hello' }] };
const openai = new OpenAI({ apiKey: 'key', baseURL, maxRetries: 0 });
const ollama = new Ollama({ host: origin });
const model = createOpenAICompatible({ name: 'one', apiKey: 'key', baseURL })('m');
const clients = {
  openai: () => openai.chat.completions.create(chat),
  ai: () => generateText({ model, prompt: 'hello', maxRetries: 0 }),
  ollama: () => ollama.chat(chat),
};
console.log = ((log) => (...words) => words[0] !== 'Getting text from response' && log(...words))(console.log);
for (const [name, run] of Object.entries(clients)) {
  const messages = [];
  for (body of BODIES) {
    const { message } = await run().catch((error) => error);
    messages.push(message.includes(TEXT) ? 'text' : message.endsWith('Service Unavailable') ? 'phrase' : message);
  }
  console.log(`${name}: ${messages.join(' / ')}`);
}
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
openai: text / text / text / text / text
ai: text / phrase / phrase / phrase / phrase
ollama: [object Object] / text / text / phrase / text
EXPECTED
