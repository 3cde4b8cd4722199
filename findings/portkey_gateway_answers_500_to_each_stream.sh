#!/usr/bin/env bash
# What:     @portkey-ai/gateway 1.15.2 (npm) on Node.js 20, as `npm install` brings it (hono 4.13.19, @hono/node-server 1.19.19), before
#           a server that answers each chat well, streamed or not; openai 7.59.0 as the client.
# Guess:    (worded after the first run) a good answer arrives, streamed or not.
# Seen:     not streamed it does. Each streamed one is a 500, "Something went wrong", though the server answers it whole:
#           the gateway writes a field into the head of fetch's response, which is immutable. The client repeats the 500, so that
#           one chat is made, and paid, three times, and none is read. The packages are the newest ones that its ranges
#           allow; it brings no lock file.
# Output:   not streamed: well; the server made 1 chat
#           streamed: InternalServerError 500; the server made 3 chats
#           the gateway's log: TypeError: immutable
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --force @portkey-ai/gateway@1.15.2 hono@4.13.19 @hono/node-server@1.19.19 openai@7.59.0 || exit 2
port=$(/usr/bin/python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
node node_modules/@portkey-ai/gateway/build/start-server.js --port="$port" --headless >log 2>&1 &
for ((i = 0; i < 200; i++)); do curl -s -o /dev/null "http://127.0.0.1:$port/" && break; sleep 0.1; done

cat >finding.mjs <<'JS'
import http from 'node:http';
import OpenAI from 'openai';
const model = 'm', messages = [{ role: 'user', content: 'Hello' }];
const common = { id: 'x', created: 1, model };
let chats = 0;
const server = http.createServer(async (request, response) => {
  let body = '';
  for await (const piece of request) body += piece;
  ++chats;
  if (JSON.parse(body).stream) {
    const choices = [{ index: 0, delta: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }];
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(`data: ${JSON.stringify({ ...common, object: 'chat.completion.chunk', choices })}\n\ndata: [DONE]\n\n`);
  } else {
    const choices = [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }];
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ ...common, object: 'chat.completion', choices, usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } }));
  }
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const defaultHeaders = { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': `http://127.0.0.1:${server.address().port}/v1` };
const client = new OpenAI({ apiKey: 'k', baseURL: `http://127.0.0.1:${process.argv[2]}/v1`, defaultHeaders });
async function ask(stream) {
  chats = 0;
  let how;
  try {
    const answer = await client.chat.completions.create({ model, messages, stream });
    let text = '';
    if (stream) for await (const chunk of answer) text += chunk.choices[0].delta.content;
    else text = answer.choices[0].message.content;
    how = text === 'Hi' ? 'well' : text;
  } catch (error) {
    how = `${error.constructor.name} ${error.status}`;
  }
  console.log(`${stream ? 'streamed' : 'not streamed'}: ${how}; the server made ${chats} ${chats === 1 ? 'chat' : 'chats'}`);
}
await ask(false);
await ask(true);
process.exit();
JS
{
  node finding.mjs "$port"
  echo "the gateway's log: $(grep -o -m1 'TypeError: immutable' log)"
} | tee seen
diff - seen <<'EXPECTED'
not streamed: well; the server made 1 chat
streamed: InternalServerError 500; the server made 3 chats
the gateway's log: TypeError: immutable
EXPECTED
