#!/usr/bin/env bash
# What:     @langchain/openai 1.6.0 with @langchain/core 1.4.0 (npm) on Node.js 20: an answer that
#           ends with finish_reason "length" in the middle of a tool call's arguments.
# Guess:    the call is among invalid_tool_calls, streamed or not: its arguments are not JSON.
# Seen:     so it is when the answer is not streamed. Streamed, the missing quotes and braces are
#           put in: the call is among tool_calls, invalid_tool_calls is empty, and the arguments are
#           those that had come, the last one cut short. An agent carries it out. Only
#           finish_reason tells, so the reason must not be lost on the way, and an application has
#           to look at it before it runs a tool.
# Output:   whole: 0 calls, 1 invalid, length
#           streamed: 1 call, 0 invalid, length: {"folder":"/srv/cache","keep":"la"}
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund @langchain/openai@1.6.0 @langchain/core@1.4.0

cat >finding.mjs <<'JS'
import http from 'node:http';
import { ChatOpenAI } from '@langchain/openai';

const ARGUMENTS = '{"folder":"/srv/cache","keep":"la';  // of "latest"
const head = { id: 'c', created: 1, model: 'm' };
const call = { id: 'call_1', type: 'function', function: { name: 'clear', arguments: ARGUMENTS } };

function chunk(delta, finish_reason) {
  const choices = [{ index: 0, delta, finish_reason }];
  return `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices })}\n\n`;
}
function answer(response, { stream }) {
  if (!stream) {
    const message = { role: 'assistant', content: null, tool_calls: [call] };
    const choices = [{ index: 0, message, finish_reason: 'length' }];
    response.writeHead(200, { 'content-type': 'application/json' });
    return response.end(JSON.stringify({ ...head, object: 'chat.completion', choices }));
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(chunk({ role: 'assistant', tool_calls: [{ index: 0, ...call }] }, null));
  response.end(chunk({}, 'length') + 'data: [DONE]\n\n');
}
const server = http.createServer((request, response) => {
  let body = '';
  request.on('data', (data) => (body += data)).on('end', () => answer(response, JSON.parse(body)));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

const model = new ChatOpenAI({
  apiKey: 'key', model: 'm', maxRetries: 0,
  configuration: { baseURL: `http://127.0.0.1:${server.address().port}/v1` },
});
function report(name, { tool_calls, invalid_tool_calls, response_metadata }) {
  const calls = tool_calls.length === 1 ? '1 call' : `${tool_calls.length} calls`;
  const shown = tool_calls.map(({ args }) => ': ' + JSON.stringify(args)).join('');
  console.log(`${name}: ${calls}, ${invalid_tool_calls.length} invalid, ${response_metadata.finish_reason}${shown}`);
}
report('whole', await model.invoke('Clear the cache but for the latest.'));
let message;
for await (const piece of await model.stream('Clear the cache but for the latest.'))
  message = message ? message.concat(piece) : piece;
report('streamed', message);
process.exit();
JS

node finding.mjs 2>messages | tee seen
diff - seen <<'EXPECTED'
whole: 0 calls, 1 invalid, length
streamed: 1 call, 0 invalid, length: {"folder":"/srv/cache","keep":"la"}
EXPECTED
