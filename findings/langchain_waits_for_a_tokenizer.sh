#!/usr/bin/env bash
# What:     @langchain/openai 1.6.0 with @langchain/core 1.4.0 (npm) on Node.js 20: invoke() with
#           the option `streaming: true`, on a machine that reaches the chat server and nothing
#           else.
# Guess:    the client speaks to its baseURL only, and invoke() returns when the stream has ended.
# Seen:     it asks a public host for a tokenizer, to count the tokens by itself, though the stream
#           brought the usage that it had asked for. While that host is out of reach, the answer,
#           which is there after some milliseconds, is held back through six repeats with growing
#           pauses, twice: invoke() took over two minutes. stream(), and invoke() without the
#           option, return at once and ask nobody. Here the other hosts are refused inside the
#           process, and the script waits for ten seconds.
# Output:   streaming: false: an answer, other hosts asked: no
#           stream(): an answer, other hosts asked: no
#           streaming: true: still waiting after 10 s, other hosts asked: yes
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund @langchain/openai@1.6.0 @langchain/core@1.4.0

cat >finding.mjs <<'JS'
import http from 'node:http';
import { ChatOpenAI } from '@langchain/openai';

const head = { id: 'c', created: 1, model: 'm' };
const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
const event = (data) => `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', ...data })}\n\n`;
const chunk = (delta, finish_reason) => event({ choices: [{ index: 0, delta, finish_reason }] });

const server = http.createServer((request, response) => {
  let body = '';
  request.on('data', (data) => (body += data)).on('end', () => {
    if (JSON.parse(body).stream) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(chunk({ role: 'assistant', content: 'well' }, null) + chunk({}, 'stop'));
      return response.end(event({ choices: [], usage }) + 'data: [DONE]\n\n');
    }
    const choices = [{ index: 0, message: { role: 'assistant', content: 'well' }, finish_reason: 'stop' }];
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ ...head, object: 'chat.completion', choices, usage }));
  });
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

let others;
const { fetch } = globalThis;
globalThis.fetch = async (resource, options) => {
  if (new URL(resource.url ?? resource).hostname === '127.0.0.1') return fetch(resource, options);
  others += 1;
  throw new TypeError('fetch failed');
};
const model = (options) => new ChatOpenAI({
  apiKey: 'key', model: 'm', configuration: { baseURL: `http://127.0.0.1:${server.address().port}/v1` },
  ...options,
});
async function joined(stream) {
  let content = '';
  for await (const piece of stream) content += piece.content;
  return { content };
}
const chats = {
  'streaming: false': () => model({}).invoke('hello'),
  'stream()': async () => joined(await model({}).stream('hello')),
  'streaming: true': () => model({ streaming: true }).invoke('hello'),
};
for (const [name, chat] of Object.entries(chats)) {
  others = 0;
  const waiting = new Promise((resolve) => setTimeout(resolve, 10_000));
  const answer = await Promise.race([chat(), waiting]);
  const outcome = answer?.content === 'well' ? 'an answer' : 'still waiting after 10 s';
  console.log(`${name}: ${outcome}, other hosts asked: ${others > 0 ? 'yes' : 'no'}`);
}
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
streaming: false: an answer, other hosts asked: no
stream(): an answer, other hosts asked: no
streaming: true: still waiting after 10 s, other hosts asked: yes
EXPECTED
