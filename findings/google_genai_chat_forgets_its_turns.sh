#!/usr/bin/env bash
# What:     @google/genai 3.3.0 (npm) on Node.js 20: a chat (`chats.create`) with a streamed answer to a first message,
#           and which history it sends with the second one.
# Guess:    the first question and its answer, however the stream ended and whatever is in its last event.
# Seen:     if one event of the stream has no content, as a last one with the `finishReason` or the usage alone, or if the
#           loop was left by `break`, the turn is not in the history: the model gets the second question without the first
#           one and its answer, and the user, who has read it, sees a model that has forgotten. Nothing says so;
#           getHistory() has the question alone, or not even that. An event with an empty text keeps the turn. A gateway
#           in front of this client puts the reason and the usage into an event with a text.
# Output:   reason with the last word: sends q1, answer, q2
#           reason with an empty text: sends q1, answer, q2
#           reason alone: sends q2; getHistory() has q1
#           usage alone: sends q2; getHistory() has q1
#           left by break: sends q2; getHistory() has nothing
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --force @google/genai@3.3.0 || exit 2

cat >finding.mjs <<'JS'
import http from 'node:http';
import { GoogleGenAI } from '@google/genai';

const text = (words, finishReason) => ({ candidates: [{ index: 0, content: { role: 'model', parts: [{ text: words }] }, finishReason }] });
const usageMetadata = { promptTokenCount: 1, candidatesTokenCount: 3, totalTokenCount: 4 };
const streams = {
  'reason with the last word': [text('one '), text('two three', 'STOP')],
  'reason with an empty text': [text('one '), text('two three'), text('', 'STOP')],
  'reason alone': [text('one '), text('two three'), { candidates: [{ index: 0, finishReason: 'STOP' }], usageMetadata }],
  'usage alone': [text('one '), text('two three', 'STOP'), { usageMetadata }],
  'left by break': [text('one '), text('two three', 'STOP')],
};
let events, body;
const server = http.createServer((request, response) => {
  let received = '';
  request.on('data', (data) => (received += data)).on('end', () => {
    body = JSON.parse(received);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of events) response.write(`data: ${JSON.stringify(event)}\n\n`);
    response.end();
  });
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const httpOptions = { baseUrl: `http://127.0.0.1:${server.address().port}` };
function turns(contents) {
  const joined = contents.filter(({ parts }) => parts.length).map(({ role, parts }) => (role === 'user' ? parts[0].text : 'answer'));
  return joined.filter((turn, i) => turn !== joined[i - 1]).join(', ') || 'nothing';
}
for (const [name, stream] of Object.entries(streams)) {
  events = stream;
  const chat = new GoogleGenAI({ apiKey: 'k', httpOptions }).chats.create({ model: 'm' });
  let answer = '';
  for await (const chunk of await chat.sendMessageStream({ message: 'q1' })) {
    answer += chunk.text ?? '';
    if (name === 'left by break') break;
  }
  if (!'one two three'.startsWith(answer) || !answer) throw new Error(answer);
  const history = turns(chat.getHistory());
  for await (const chunk of await chat.sendMessageStream({ message: 'q2' }));
  const sent = turns(body.contents);
  console.log(`${name}: sends ${sent}${sent === 'q2' ? `; getHistory() has ${history}` : ''}`);
}
process.exit();
JS

node --no-deprecation finding.mjs 2>messages | tee seen
diff - seen <<'EXPECTED'
reason with the last word: sends q1, answer, q2
reason with an empty text: sends q1, answer, q2
reason alone: sends q2; getHistory() has q1
usage alone: sends q2; getHistory() has q1
left by break: sends q2; getHistory() has nothing
EXPECTED
