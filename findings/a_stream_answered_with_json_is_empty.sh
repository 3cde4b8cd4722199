#!/usr/bin/env bash
# What:     openai 7.59.0, @anthropic-ai/sdk 1.14.0, groq-sdk 1.6.0 and @langchain/openai 1.6.0
#           (npm) on Node.js 20: a streamed chat that is answered whole, with 200 and
#           application/json, as servers do that do not know `stream`, or a cache that has the
#           answer.
# Guess:    the client sees from Content-Type that this is no event stream, and raises an error, or
#           gives the answer as one piece.
# Seen:     neither: the loop over the stream ends well after no piece at all, and the answer is
#           lost. The same with a 200 whose JSON is an error object. openai's and Anthropic's helper
#           .stream() raises an error, which says that no chunks were sent; @mistralai/mistralai
#           2.7.0 names the content type. A server must stream whenever the body says so.
# Output:   NAME: an answer; an error object
#           openai: 0 pieces, a good end; 0 pieces, a good end
#           anthropic: 0 pieces, a good end; 0 pieces, a good end
#           groq: 0 pieces, a good end; 0 pieces, a good end
#           langchain: 0 pieces, a good end; 0 pieces, a good end
#           openai .stream(): OpenAIError; OpenAIError
#           anthropic .stream(): AnthropicError; AnthropicError
#           mistral: SDKError; SDKError
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund openai@7.59.0 @anthropic-ai/sdk@1.14.0 groq-sdk@1.6.0 \
  @langchain/openai@1.6.0 @langchain/core@1.4.0 @mistralai/mistralai@2.7.0

cat >finding.mjs <<'JS'
import http from 'node:http';
import Anthropic from '@anthropic-ai/sdk';
import { ChatOpenAI } from '@langchain/openai';
import { Mistral } from '@mistralai/mistralai';
import Groq from 'groq-sdk';
import OpenAI from 'openai';

const ERROR = { error: { message: 'no room', type: 'server_error', code: null, param: null } };
const COMPLETION = {
  id: 'c', object: 'chat.completion', created: 1, model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'well' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
};
const MESSAGE = {
  id: 'm', type: 'message', role: 'assistant', model: 'm', content: [{ type: 'text', text: 'well' }],
  stop_reason: 'end_turn', stop_sequence: null, usage: { input_tokens: 1, output_tokens: 1 },
};
let isError;
const server = http.createServer((request, response) => {
  request.resume();
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(isError ? ERROR : /messages/.test(request.url) ? MESSAGE : COMPLETION));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${server.address().port}`;

const options = { apiKey: 'key', maxRetries: 0 };
const openai = new OpenAI({ ...options, baseURL: `${origin}/v1` });
const anthropic = new Anthropic({ ...options, baseURL: origin });
const groq = new Groq({ ...options, baseURL: origin });
const langchain = new ChatOpenAI({ ...options, model: 'm', configuration: { baseURL: `${origin}/v1` } });
const mistral = new Mistral({ apiKey: 'key', serverURL: origin });
const chat = { model: 'm', messages: [{ role: 'user', content: 'hello' }] };

async function count(stream) {
  let pieces = 0;
  for await (const _ of await stream) pieces += 1;
  return `${pieces} pieces, a good end`;
}
const clients = {
  'openai': () => count(openai.chat.completions.create({ ...chat, stream: true })),
  'anthropic': () => count(anthropic.messages.create({ ...chat, max_tokens: 9, stream: true })),
  'groq': () => count(groq.chat.completions.create({ ...chat, stream: true })),
  'langchain': () => count(langchain.stream('hello')),
  'openai .stream()': () => openai.chat.completions.stream(chat).finalChatCompletion(),
  'anthropic .stream()': () => anthropic.messages.stream({ ...chat, max_tokens: 9 }).finalMessage(),
  'mistral': () => count(mistral.chat.stream(chat)),
};
for (const [name, run] of Object.entries(clients)) {
  const outcomes = [];
  for (isError of [false, true])
    outcomes.push(await run().catch((error) => error.constructor.name));
  console.log(`${name}: ${outcomes.join('; ')}`);
}
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
openai: 0 pieces, a good end; 0 pieces, a good end
anthropic: 0 pieces, a good end; 0 pieces, a good end
groq: 0 pieces, a good end; 0 pieces, a good end
langchain: 0 pieces, a good end; 0 pieces, a good end
openai .stream(): OpenAIError; OpenAIError
anthropic .stream(): AnthropicError; AnthropicError
mistral: SDKError; SDKError
EXPECTED
