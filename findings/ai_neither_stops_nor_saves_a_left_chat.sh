#!/usr/bin/env bash
# What:     ai 7.0.173 with @ai-sdk/openai-compatible 3.0.92 (npm) on Node.js 20: a handler that answers by
#           pipeTextStreamToResponse(), or reads toTextStreamResponse() and cancels it, whose client leaves amid the answer; the
#           application stores the chat in `onFinish`.
# Guess:    when the client leaves, the request to the model is closed, and onFinish or onAbort is called with what came.
# Seen:     the request to the model stays open, and neither is called, nor `onError`, within the time in which the model has
#           sent its whole answer: the answer is paid for, and the chat, with what the user has read, is stored nowhere. Read
#           to its end, onFinish is called. It takes an `abortSignal` that the handler ties to the response's 'close' (then the
#           request is closed and onAbort is called), or consumeStream(), with which the model runs on and onFinish is called.
# Output:   read to its end: onFinish
#           piped, client leaves: model runs on, no callback
#           cancelled: model runs on, no callback
#           piped with abortSignal: model stopped, onAbort
#           piped with consumeStream: model runs on, onFinish
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --force ai@7.0.173 @ai-sdk/openai-compatible@3.0.92 || exit 2

cat >finding.mjs <<'JS'
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { streamText } from 'ai';

process.on('unhandledRejection', () => {}); // of what was aborted
const host = '127.0.0.1';
async function listen(handler) {
  const server = http.createServer(handler);
  await new Promise((resolve) => server.listen(0, host, resolve));
  return server.address().port;
}
let stopped, whole;
const modelPort = await listen(async (request, response) => {
  request.resume();
  [stopped, whole] = [false, false];
  response.on('close', () => (stopped = !response.writableFinished));
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (let i = 0; i < 20 && !stopped; i++) {
    const choices = [{ index: 0, delta: { role: 'assistant', content: 'word ' }, finish_reason: i < 19 ? null : 'stop' }];
    response.write(`data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices })}\n\n`);
    await pause(100);
  }
  if (!stopped) whole = true;
  response.end('data: [DONE]\n\n');
});
const model = createOpenAICompatible({ name: 'x', baseURL: `http://${host}:${modelPort}/v1` })('m');
function chat(called, abortSignal) {
  const note = (name) => () => called.push(name);
  return streamText({ model, prompt: 'Hello', abortSignal,
    onFinish: note('onFinish'), onAbort: note('onAbort'), onError: note('onError') });
}
const cases = {
  'read to its end': [false, (called, response) => chat(called).pipeTextStreamToResponse(response)],
  'piped, client leaves': [true, (called, response) => chat(called).pipeTextStreamToResponse(response)],
  'cancelled': [true, async (called, response) => {
    const reader = chat(called).toTextStreamResponse().body.getReader();
    response.on('close', () => reader.cancel());
    for (let next = await reader.read(); !next.done; next = await reader.read()) response.write(next.value);
    response.end();
  }],
  'piped with abortSignal': [true, (called, response) => {
    const controller = new AbortController();
    response.on('close', () => controller.abort());
    chat(called, controller.signal).pipeTextStreamToResponse(response);
  }],
  'piped with consumeStream': [true, (called, response) => {
    const result = chat(called);
    result.consumeStream();
    result.pipeTextStreamToResponse(response);
  }],
};
for (const [name, [leaves, handle]] of Object.entries(cases)) {
  const called = [];
  const port = await listen((request, response) => handle(called, response));
  await new Promise((resolve) => {
    const request = http.get({ host, port, agent: false }, (response) => {
      let pieces = 0;
      response.on('data', () => leaves && ++pieces === 3 && resolve(request.destroy()));
      response.on('end', resolve).on('error', () => {});
    }).on('error', () => {});
  });
  await pause(4000);
  const state = leaves ? `${stopped ? 'model stopped' : whole ? 'model runs on' : 'unknown'}, ` : '';
  console.log(`${name}: ${state}${called.join(', ') || 'no callback'}`);
}
process.exit();
JS

node --no-deprecation finding.mjs 2>messages | tee seen
diff - seen <<'EXPECTED'
read to its end: onFinish
piped, client leaves: model runs on, no callback
cancelled: model runs on, no callback
piped with abortSignal: model stopped, onAbort
piped with consumeStream: model runs on, onFinish
EXPECTED
