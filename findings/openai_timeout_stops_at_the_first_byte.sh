#!/usr/bin/env bash
# What:     openai 7.59.0 (npm) on Node.js 20: the client option `timeout`.
# Guess:    a request with `timeout: 500` fails about half a second after the server falls silent, streamed or not.
# Seen:     an answer that is not streamed fails so (APIConnectionTimeoutError), even when the head and half of the body
#           have come. A stream whose server falls silent after its first piece is waited for without end: the timeout
#           covers it only up to its head. A server must not count on its clients to give up a stalled stream; a client
#           needs a timer of its own around the loop, for instance through the option `signal`.
# Output:   whole: APIConnectionTimeoutError
#           stream: one piece, then silence: still waiting after 10 timeouts
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund openai@7.59.0

cat >finding.mjs <<'JS'
import http from 'node:http';
import OpenAI from 'openai';

const TIMEOUT = 500;
const chunk = {
  id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm',
  choices: [{ index: 0, delta: { role: 'assistant', content: 'one ' }, finish_reason: null }],
};

// Sends the head and a part of the body, and nothing more.
function beginAnswer(request, response, body) {
  const { stream } = JSON.parse(body);
  response.writeHead(200, { 'content-type': stream ? 'text/event-stream' : 'application/json' });
  response.write(stream ? `data: ${JSON.stringify(chunk)}\n\n` : '{"id":"c",');
}
const server = http.createServer((request, response) => {
  let body = '';
  request.on('data', (data) => (body += data)).on('end', () => beginAnswer(request, response, body));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

const client = new OpenAI({
  apiKey: 'key', baseURL: `http://127.0.0.1:${server.address().port}/v1`, timeout: TIMEOUT, maxRetries: 0,
});
async function outcome(stream) {
  let pieces = 0;
  const call = (async () => {
    const answer = await client.chat.completions.create({ model: 'm', messages: [], stream });
    if (stream) for await (const _ of answer) pieces += 1;
    return 'a good end';
  })().catch((error) => error.constructor.name);
  const waiting = new Promise((resolve) => setTimeout(resolve, 10 * TIMEOUT, 'still waiting after 10 timeouts'));
  const end = await Promise.race([call, waiting]);
  return stream ? `${pieces === 1 ? 'one piece' : pieces + ' pieces'}, then silence: ${end}` : end;
}
console.log(`whole: ${await outcome(false)}`);
console.log(`stream: ${await outcome(true)}`);
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
whole: APIConnectionTimeoutError
stream: one piece, then silence: still waiting after 10 timeouts
EXPECTED
