#!/usr/bin/env bash
# What:     @langchain/core 1.4.0 with @langchain/openai 1.6.0 (npm) on Node.js 20: `model.withRetry({ stopAfterAttempt: 3 })` and
#           `model.withFallbacks([second])`, asked by invoke(), by stream(), and by stream() of a chain in which the model is not the
#           last step; the first request is answered with 503.
# Guess:    what holds for invoke() holds for stream() as long as no piece has come: the 503 is repeated, and the fallback asked.
# Seen:     withRetry() does nothing for stream(): one request, and the 503 is thrown, though invoke() of the same object asks again.
#           Not even the chain around it does. withFallbacks() has both. So a service that was tested with invoke() loses its
#           repeats with the switch to streaming, without a sign; they have to be the model's own `maxRetries`.
# Output:   withRetry: invoke() 2 requests, well; stream() 1 request, 503; chain 1 request, 503
#           withFallbacks: invoke() 2 requests, well; stream() 2 requests, well; chain 2 requests, well
#           maxRetries: invoke() 2 requests, well; stream() 2 requests, well; chain 2 requests, well
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --force @langchain/core@1.4.0 @langchain/openai@1.6.0 openai@7.59.0 || exit 2

cat >finding.mjs <<'JS'
import http from 'node:http';
import { RunnableLambda } from '@langchain/core/runnables';
import { ChatOpenAI } from '@langchain/openai';

let requests = 0;
const server = http.createServer(async (request, response) => {
  let body = '';
  for await (const piece of request) body += piece;
  if (++requests === 1) {
    response.writeHead(503, { 'content-type': 'application/json' });
    return response.end('{"error":{"message":"busy"}}');
  }
  const common = { id: 'x', created: 1, model: 'm' };
  if (!JSON.parse(body).stream) {
    response.writeHead(200, { 'content-type': 'application/json' });
    const choices = [{ index: 0, message: { role: 'assistant', content: 'word' }, finish_reason: 'stop' }];
    return response.end(JSON.stringify({ ...common, object: 'chat.completion', choices }));
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const choices = [{ index: 0, delta: { role: 'assistant', content: 'word' }, finish_reason: 'stop' }];
  response.end(`data: ${JSON.stringify({ ...common, object: 'chat.completion.chunk', choices })}\n\ndata: [DONE]\n\n`);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const configuration = { baseURL: `http://127.0.0.1:${server.address().port}/v1` };
const model = (maxRetries = 0) => new ChatOpenAI({ model: 'm', apiKey: 'k', maxRetries, configuration });

async function observe(ask) {
  requests = 0;
  const end = await ask().then((text) => (text === 'word' ? 'well' : `"${text}"`), (error) => String(error.status ?? error));
  return `${requests} request${requests > 1 ? 's' : ''}, ${end}`;
}
async function streamed(runnable) {
  let text = '';
  for await (const piece of await runnable.stream('Hello')) text += piece.content;
  return text;
}
const kinds = {
  withRetry: model().withRetry({ stopAfterAttempt: 3 }),
  withFallbacks: model().withFallbacks([model()]),
  maxRetries: model(2),
};
for (const [name, runnable] of Object.entries(kinds)) {
  const chain = runnable.pipe(new RunnableLambda({ func: (message) => message }));
  console.log(`${name}: invoke() ${await observe(async () => (await runnable.invoke('Hello')).content)};`,
    `stream() ${await observe(() => streamed(runnable))}; chain ${await observe(() => streamed(chain))}`);
}
process.exit();
JS

node --no-deprecation finding.mjs | tee seen
diff - seen <<'EXPECTED'
withRetry: invoke() 2 requests, well; stream() 1 request, 503; chain 1 request, 503
withFallbacks: invoke() 2 requests, well; stream() 2 requests, well; chain 2 requests, well
maxRetries: invoke() 2 requests, well; stream() 2 requests, well; chain 2 requests, well
EXPECTED
