#!/usr/bin/env bash
# What:     openai 7.59.0, groq-sdk 1.6.0, @langchain/openai 1.6.0 and ai 7.0.173 (npm) on Node.js
#           20: a streamed chat whose last event ends with the body, without the empty line after
#           it. inference-server 1.0.0-beta.32 (npm) ends its streams so.
# Guess:    all of them take the event: its bytes are there and the body ended in order. Or all
#           leave it out, as the HTML standard says, and report that the answer has no end.
# Seen:     openai and langchain take it. groq-sdk, of the same generator, leaves it out in silence:
#           the answer lacks its last words and the loop ends well. `ai` leaves it out, and says so
#           only because the reason was in it. The clients of one server show different texts of one
#           answer. What stands between completes the event or reports the cut.
# Output:   openai: one two, stop
#           groq: one , no reason
#           langchain: one two, stop
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

const event = (content, finish_reason) => {
  const choices = [{ index: 0, delta: { role: 'assistant', content }, finish_reason }];
  return `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices })}`;
};
const server = http.createServer((request, response) => {
  request.resume().on('end', () => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(`${event('one ', null)}\n\n${event('two', 'stop')}`);
  });
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const baseURL = `http://127.0.0.1:${server.address().port}`;
const body = { model: 'm', messages: [{ role: 'user', content: 'a question' }], stream: true };

async function read(pieces, take) {
  let text = '';
  let reason = 'no reason';
  for await (const piece of await pieces) {
    const [more, end] = take(piece);
    text += more ?? '';
    reason = end ?? reason;
  }
  return `${text}, ${reason}`;
}
const ofChoice = ({ choices: [choice] }) => [choice?.delta.content, choice?.finish_reason];
const ofPart = (part) => {
  if (part.type === 'error') throw part.error;
  return [part.type === 'text-delta' ? part.text : '', part.type === 'finish' ? part.finishReason : null];
};
const openai = new OpenAI({ apiKey: 'key', baseURL, maxRetries: 0 });
const groq = new Groq({ apiKey: 'key', baseURL, maxRetries: 0 });
const langchain = new ChatOpenAI({ model: 'm', apiKey: 'key', maxRetries: 0, configuration: { baseURL } });
const model = createOpenAICompatible({ name: 'own', apiKey: 'key', baseURL })('m');
const ai = () => streamText({ model, prompt: 'a question', maxRetries: 0, onError: () => {} }).fullStream;
const clients = {
  openai: () => read(openai.chat.completions.create(body), ofChoice),
  groq: () => read(groq.chat.completions.create(body), ofChoice),
  langchain: () => read(langchain.stream('a question'), (chunk) => [chunk.content, chunk.response_metadata.finish_reason]),
  ai: () => read(ai(), ofPart),
};
for (const [name, ask] of Object.entries(clients)) {
  console.log(`${name}: ${await ask().catch((error) => `${error.constructor.name}: ${error.message}`)}`);
}
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
openai: one two, stop
groq: one , no reason
langchain: one two, stop
ai: InvalidResponseDataError: Response stream ended without a finish reason.
EXPECTED
