#!/usr/bin/env bash
# What:     ai 7.0.173 (npm) on Node.js 20: its AbstractChat with the default transport, which is what `useChat` of its packages for
#           React, Vue and Svelte is made of, and a chat whose answer is whole, ends early without being cut (as behind a
#           proxy that ends a cut stream as a complete one), is cut, is a sign-in page with 200, or an error as JSON with 200.
# Guess:    all but the whole one end with the status "error" and a call of `onError`: the protocol has a part `finish`, and a
#           content type of its own.
# Seen:     only the cut one does. An answer that ends early is "ready", with `onFinish` called and all of `isError`,
#           `isAbort` and `isDisconnect` false; the text part says "streaming" for good, and the next question is sent with the
#           half sentence as an answer. So is the page or the error: "ready", and no answer at all, since content type and
#           what is no event are passed over. `isDisconnect` is false for the connection that was cut as well. What can be
#           seen is the text part's `state`, and that no message of the assistant has come.
# Output:   whole: ready; onFinish(); assistant "one two three " done
#           ends early: ready; onFinish(); assistant "one two " streaming
#           cut: error; onError, onFinish(isError); assistant "one two " streaming
#           page: ready; onFinish(); no answer
#           JSON: ready; onFinish(); no answer
#           sent next: user "Hello", assistant "one two ", user "Go on"
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --force ai@7.0.173 || exit 2

cat >finding.mjs <<'JS'
import http from 'node:http';
import { AbstractChat, DefaultChatTransport } from 'ai';

// What the packages for React and others do with a store of theirs.
class State {
  status = 'ready';
  error = undefined;
  messages = [];
  pushMessage = (message) => (this.messages = [...this.messages, message]);
  popMessage = () => (this.messages = this.messages.slice(0, -1));
  replaceMessage = (index, message) => (this.messages = this.messages.with?.(index, message)
    ?? this.messages.map((old, i) => (i === index ? message : old)));
  snapshot = (value) => structuredClone(value);
}
class Chat extends AbstractChat {
  constructor(options) {
    super({ ...options, state: new State() });
  }
}
let sent;
const whole = { 'text-start': { id: '1' }, 'text-end': { id: '1' }, 'finish-step': {}, finish: {} };
const part = (type, more) => `data: ${JSON.stringify({ type, ...whole[type], ...more })}\n\n`;
const server = http.createServer(async (request, response) => {
  let body = '';
  for await (const piece of request) body += piece;
  sent = JSON.parse(body).messages;
  const how = decodeURIComponent(request.url.slice(1));
  if (how === 'page') return response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Sign in</html>\n');
  if (how === 'JSON') return response.writeHead(200, { 'content-type': 'application/json' }).end('{"error":"offline"}');
  response.writeHead(200, { 'content-type': 'text/event-stream', 'x-vercel-ai-ui-message-stream': 'v1' });
  response.write(part('start') + part('start-step') + part('text-start'));
  for (const delta of ['one ', 'two ']) response.write(part('text-delta', { id: '1', delta }));
  if (how === 'ends early') return response.end();
  if (how === 'cut') return setTimeout(() => response.destroy(), 200);
  response.end(part('text-delta', { id: '1', delta: 'three ' }) + part('text-end') + part('finish-step') + part('finish') +
    'data: [DONE]\n\n');
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

const text = ({ parts }) => JSON.stringify(parts.map((each) => each.text ?? '').join(''));
async function chat(how) {
  const called = [];
  const made = new Chat({
    transport: new DefaultChatTransport({ api: `http://127.0.0.1:${server.address().port}/${encodeURIComponent(how)}` }),
    onError: () => called.push('onError'),
    onFinish: (end) => called.push(`onFinish(${['isError', 'isAbort', 'isDisconnect'].filter((name) => end[name])})`),
  });
  await made.sendMessage({ text: 'Hello' });
  const last = made.messages.at(-1);
  const answer = last.role === 'assistant' ? `assistant ${text(last)} ${last.parts.at(-1).state}` : 'no answer';
  console.log(`${how}: ${made.status}; ${called.join(', ')}; ${answer}`);
  return made;
}
await chat('whole');
const early = await chat('ends early');
for (const how of ['cut', 'page', 'JSON']) await chat(how);
await early.sendMessage({ text: 'Go on' });
console.log(`sent next: ${sent.map((message) => `${message.role} ${text(message)}`).join(', ')}`);
process.exit();
JS

node --no-deprecation finding.mjs 2>messages | tee seen
diff - seen <<'EXPECTED'
whole: ready; onFinish(); assistant "one two three " done
ends early: ready; onFinish(); assistant "one two " streaming
cut: error; onError, onFinish(isError); assistant "one two " streaming
page: ready; onFinish(); no answer
JSON: ready; onFinish(); no answer
sent next: user "Hello", assistant "one two ", user "Go on"
EXPECTED
