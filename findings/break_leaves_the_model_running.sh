#!/usr/bin/env bash
# What:     @google/genai 3.3.0, @huggingface/inference 4.13.30, ollama 0.6.4, ai 7.0.173 with @ai-sdk/openai-compatible
#           3.0.92, openai 7.59.0, @anthropic-ai/sdk 1.14.0, groq-sdk 1.6.0, @mistralai/mistralai 2.7.0, cohere-ai 8.1.0
#           and @langchain/openai 1.6.0 (npm) on Node.js 20: a program leaves the loop over a streamed answer by `break`.
# Guess:    the connection to the server is closed at once, in all of them: `break` calls the iterator's return().
# Seen:     in genai, huggingface, ollama and ai (textStream) it stays open, and the server sends on: a model that answers
#           for a minute is paid for a minute, though the program went away after three words; a gateway holds a slot for
#           it. In each of them something else closes it: an abort signal (in genai `abortSignal` of the config; in ollama
#           abort() of the iterator).
# Output:   openai, anthropic, groq, mistral, cohere, langchain: closed
#           genai, huggingface, ollama, ai: open, and read or sent on for 3 s
#           genai, huggingface, ollama, ai, by abort: closed
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --force @google/genai@3.3.0 @huggingface/inference@4.13.30 ollama@0.6.4 ai@7.0.173 \
  @ai-sdk/openai-compatible@3.0.92 openai@7.59.0 @anthropic-ai/sdk@1.14.0 groq-sdk@1.6.0 @mistralai/mistralai@2.7.0 \
  cohere-ai@8.1.0 @langchain/openai@1.6.0 @langchain/core@1.4.0 || exit 2

cat >finding.mjs <<'JS'
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import { InferenceClient } from '@huggingface/inference';
import { ChatOpenAI } from '@langchain/openai';
import { Mistral } from '@mistralai/mistralai';
import { streamText } from 'ai';
import { CohereClientV2 } from 'cohere-ai';
import Groq from 'groq-sdk';
import { Ollama } from 'ollama';
import OpenAI from 'openai';

const sse = (data, event) => `${event ? `event: ${event}\n` : ''}data: ${JSON.stringify(data)}\n\n`;
const anthropicStart = sse({ type: 'message_start', message: { id: 'x', type: 'message', role: 'assistant', model: 'm', content: [],
  stop_reason: null, stop_sequence: null, usage: { input_tokens: 1, output_tokens: 1 } } }, 'message_start') +
  sse({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }, 'content_block_start');
// One word of the answer, in the form of each API.
function word(path) {
  if (/generateContent/i.test(path)) return sse({ candidates: [{ index: 0, content: { role: 'model', parts: [{ text: 'w ' }] } }] });
  if (path.includes('/api/chat')) return `${JSON.stringify({ model: 'm', message: { role: 'assistant', content: 'w ' }, done: false })}\n`;
  if (path.includes('/v2/chat')) return sse({ type: 'content-delta', index: 0, delta: { message: { content: { text: 'w ' } } } });
  if (path.includes('/messages'))
    return sse({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'w ' } }, 'content_block_delta');
  const choices = [{ index: 0, delta: { role: 'assistant', content: 'w ' }, finish_reason: null }];
  return sse({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices });
}
const closed = {};
const server = http.createServer((request, response) => {
  request.resume();
  const [, name] = request.url.split('/'); // each client has a base address of its own
  closed[name] = false;
  response.writeHead(200, { 'content-type': request.url.includes('/api/chat') ? 'application/x-ndjson' : 'text/event-stream' });
  if (request.url.includes('/messages')) response.write(anthropicStart);
  const timer = setInterval(() => response.write(word(request.url)), 100);
  response.on('close', () => {
    clearInterval(timer);
    closed[name] = true;
  });
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const root = `http://127.0.0.1:${server.address().port}`;
const messages = [{ role: 'user', content: 'Hello' }], model = 'm', apiKey = 'k';
const clients = {
  openai: (base) => new OpenAI({ apiKey, baseURL: base }).chat.completions.create({ model, messages, stream: true }),
  anthropic: (base) => new Anthropic({ apiKey, baseURL: base }).messages.create({ model, max_tokens: 9, messages, stream: true }),
  groq: (base) => new Groq({ apiKey, baseURL: base }).chat.completions.create({ model, messages, stream: true }),
  mistral: (base) => new Mistral({ apiKey, serverURL: base }).chat.stream({ model, messages }),
  cohere: (base) => new CohereClientV2({ token: apiKey, baseUrl: base, environment: base }).chatStream({ model, messages }),
  langchain: (base) => new ChatOpenAI({ apiKey, model, configuration: { baseURL: base } }).stream('Hello'),
  genai: (base, abortSignal) => new GoogleGenAI({ apiKey, httpOptions: { baseUrl: base } })
    .models.generateContentStream({ model, contents: 'Hello', config: { abortSignal } }),
  huggingface: async (base, signal) => new InferenceClient(apiKey, { endpointUrl: `${base}/v1/chat/completions` })
    .chatCompletionStream({ model, messages }, { signal }),
  ollama: async (base, signal) => {
    const stream = await new Ollama({ host: base }).chat({ model, messages, stream: true });
    signal?.addEventListener('abort', () => stream.abort());
    return stream;
  },
  ai: async (base, abortSignal) =>
    streamText({ model: createOpenAICompatible({ name: 'x', baseURL: base })(model), prompt: 'Hello', abortSignal }).textStream,
};
process.on('unhandledRejection', () => {}); // of streams that were aborted
async function leave(name, signal, id = name) {
  let read = 0;
  for await (const piece of await clients[name](`${root}/${id}`, signal?.signal)) if (++read === 3) break;
  signal?.abort();
  await pause(3000);
  return closed[id];
}
const names = Object.keys(clients);
const results = await Promise.all(names.map((name) => leave(name)));
const open = names.filter((_, i) => !results[i]);
console.log(`${names.filter((_, i) => results[i]).join(', ')}: closed`);
console.log(`${open.join(', ')}: open, and read or sent on for 3 s`);
const aborted = await Promise.all(open.map((name) => leave(name, new AbortController(), `${name}-aborted`)));
console.log(`${open.filter((_, i) => aborted[i]).join(', ')}, by abort: closed`);
process.exit();
JS

node --no-deprecation finding.mjs 2>messages | tee seen
diff - seen <<'EXPECTED'
openai, anthropic, groq, mistral, cohere, langchain: closed
genai, huggingface, ollama, ai: open, and read or sent on for 3 s
genai, huggingface, ollama, ai, by abort: closed
EXPECTED
