#!/usr/bin/env bash
# What:     openai 7.59.0, groq-sdk 1.6.0, @langchain/openai 1.6.0 and ai 7.0.173 (npm) on Node.js
#           20: a streamed chat that ends with `data: [DONE]` and in which no `finish_reason` is but
#           null. inference-server 1.0.0-beta.32 (npm) answers so when no usage was asked for.
# Guess:    all are content: the stream has its end, and the reason is null or undefined.
# Seen:     the loops of openai, groq-sdk and langchain are. openai's own helper for the same chat
#           (`.stream()` with finalChatCompletion, finalContent or finalMessage) throws when the
#           whole text is there, and `ai` ends with an error in place of its finish. A server that
#           works with one way to read it fails with the next, of the same package. Who stands
#           between adds a reason where the upstream gives none.
# Output:   openai, loop: one two
#           openai, helper: OpenAIError: missing finish_reason for choice 0
#           groq: one two
#           langchain: one two
#           ai: InvalidResponseDataError: Response stream ended without a finish reason.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund openai@7.59.0 groq-sdk@1.6.0 @langchain/openai@1.6.0 @langchain/core@1.4.0 \
  ai@7.0.173 @ai-sdk/openai-compatible@3.0.92 || exit 2

cat >finding.mjs <<'JS'
import http from 'node:http';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { ChatOpenAI } from '@langchain/openai';
import { streamText } from 'ai';
import Groq from 'groq-sdk';
import OpenAI from 'openai';

const event = (content) => {
  const choices = [{ index: 0, delta: { role: 'assistant', content }, finish_reason: null }];
  return `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices })}\n\n`;
};
const server = http.createServer((request, response) => {
  request.resume().on('end', () => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(`${event('one ')}${event('two')}data: [DONE]\n\n`);
  });
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const baseURL = `http://127.0.0.1:${server.address().port}`;
const body = { model: 'm', messages: [{ role: 'user', content: 'a question' }], stream: true };

async function joined(pieces, text) {
  let all = '';
  for await (const piece of await pieces) all += text(piece) ?? '';
  return all;
}
const delta = (chunk) => chunk.choices[0]?.delta.content;
const openai = new OpenAI({ apiKey: 'key', baseURL, maxRetries: 0 });
const groq = new Groq({ apiKey: 'key', baseURL, maxRetries: 0 });
const langchain = new ChatOpenAI({ model: 'm', apiKey: 'key', maxRetries: 0, configuration: { baseURL } });
const model = createOpenAICompatible({ name: 'own', apiKey: 'key', baseURL })('m');
const ai = () => streamText({ model, prompt: 'a question', maxRetries: 0, onError: () => {} }).fullStream;
const clients = {
  'openai, loop': () => joined(openai.chat.completions.create(body), delta),
  'openai, helper': () => openai.chat.completions.stream(body).finalContent(),
  'groq': () => joined(groq.chat.completions.create(body), delta),
  'langchain': () => joined(langchain.stream('a question'), (chunk) => chunk.content),
  'ai': () =>
    joined(ai(), (part) => {
      if (part.type === 'error') throw part.error;
      return part.type === 'text-delta' ? part.text : '';
    }),
};
for (const [name, read] of Object.entries(clients)) {
  const outcome = await read().catch((error) => `${error.constructor.name}: ${error.message}`);
  console.log(`${name}: ${outcome}`);
}
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
openai, loop: one two
openai, helper: OpenAIError: missing finish_reason for choice 0
groq: one two
langchain: one two
ai: InvalidResponseDataError: Response stream ended without a finish reason.
EXPECTED
