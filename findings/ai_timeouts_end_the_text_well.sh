#!/usr/bin/env bash
# What:     ai 7.0.173 with @ai-sdk/openai-compatible 3.0.92 (npm) on Node.js 20: streamText() with a `timeout` (as a whole, of a
#           step, of a piece), and a model that falls silent behind two words.
# Guess:    the loop over `textStream` throws the TimeoutError, or at least `onError` is called.
# Seen:     the loop ends well with the two words, and `onError` is not called, whichever timeout it is: a timeout counts as an
#           abort, and calls `onAbort`, as if the user had stopped it. Only `finishReason` and the like reject, with
#           TimeoutError. A server that logs and counts in `onError` has no failures when its model hangs, and one that loops
#           over the text sends and stores a part as the answer. It takes `onAbort`, or a look at the part `abort` of
#           `fullStream`.
# Output:   timeout 500: "one two ", good end; onAbort; finishReason rejects with TimeoutError; parts end with abort
#           timeout {"totalMs":500}: "one two ", good end; onAbort; finishReason rejects with TimeoutError; parts end with abort
#           timeout {"stepMs":500}: "one two ", good end; onAbort; finishReason rejects with TimeoutError; parts end with abort
#           timeout {"chunkMs":500}: "one two ", good end; onAbort; finishReason rejects with TimeoutError; parts end with abort
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --force ai@7.0.173 @ai-sdk/openai-compatible@3.0.92 || exit 2

cat >finding.mjs <<'JS'
import http from 'node:http';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { streamText } from 'ai';

const server = http.createServer((request, response) => {
  request.resume();
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const content of ['one ', 'two ']) {
    const choices = [{ index: 0, delta: { role: 'assistant', content }, finish_reason: null }];
    response.write(`data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices })}\n\n`);
  }
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const baseURL = `http://127.0.0.1:${server.address().port}/v1`;
const model = createOpenAICompatible({ name: 'x', baseURL })('m');
process.on('unhandledRejection', () => {}); // of the results that are not awaited

function ask(timeout, called = []) {
  const note = (name) => () => called.push(name);
  return streamText({ model, prompt: 'Hello', timeout, maxRetries: 0,
    onFinish: note('onFinish'), onAbort: note('onAbort'), onError: note('onError') });
}
for (const timeout of [500, { totalMs: 500 }, { stepMs: 500 }, { chunkMs: 500 }]) {
  const called = [];
  const result = ask(timeout, called);
  let [text, end] = ['', 'good end'];
  try {
    for await (const piece of result.textStream) text += piece;
  } catch (error) {
    end = `throws ${error.name}`;
  }
  const reason = await result.finishReason.then((is) => `is ${is}`, (error) => `rejects with ${error.name}`);
  let last;
  for await (const part of ask(timeout).fullStream) last = part.type;
  console.log(`timeout ${JSON.stringify(timeout)}: ${JSON.stringify(text)}, ${end}; ${called.join(', ') || 'no callback'};`,
    `finishReason ${reason}; parts end with ${last}`);
}
process.exit();
JS

node --no-deprecation finding.mjs | tee seen
diff - seen <<'EXPECTED'
timeout 500: "one two ", good end; onAbort; finishReason rejects with TimeoutError; parts end with abort
timeout {"totalMs":500}: "one two ", good end; onAbort; finishReason rejects with TimeoutError; parts end with abort
timeout {"stepMs":500}: "one two ", good end; onAbort; finishReason rejects with TimeoutError; parts end with abort
timeout {"chunkMs":500}: "one two ", good end; onAbort; finishReason rejects with TimeoutError; parts end with abort
EXPECTED
