#!/usr/bin/env bash
# What:     @google/genai 3.3.0, @mistralai/mistralai 2.7.0 and openai 7.59.0 (npm) on Node.js 20: an event stream whose
#           events have a line before `data:`, be it an `id:` or `event:` field, as servers add to let a client resume, or
#           a comment, as gateways add to keep the connection open; and one whose data is written on two lines.
# Guess:    all read the same answer: the format allows each of these, and no reader may stumble over them.
# Seen:     mistral and openai do. generateContentStream of @google/genai finds only events that begin with `data: `: with
#           any other line before it the answer is empty and the loop ends well, without an error. A comment that is an
#           event by itself (with its empty line) is passed over. JSON on two lines of data is an error of parsing. A
#           gateway in front of this client writes `data: ` first and alone, and keeps the connection open with comments
#           that end in an empty line.
# Output:   data only: genai "one two three"; mistral "one two three"; openai "one two three"
#           comment and empty line: genai "one two three"; mistral "one two three"; openai "one two three"
#           comment in the event: genai ""; mistral "one two three"; openai "one two three"
#           id before data: genai ""; mistral "one two three"; openai "one two three"
#           event before data: genai ""; mistral "one two three"; openai "one two three"
#           id behind data: genai SyntaxError; mistral "one two three"; openai "one two three"
#           data on two lines: genai SyntaxError; mistral "one two three"; openai "one two three"
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --force @google/genai@3.3.0 @mistralai/mistralai@2.7.0 openai@7.59.0 || exit 2

cat >finding.mjs <<'JS'
import http from 'node:http';
import { GoogleGenAI } from '@google/genai';
import { Mistral } from '@mistralai/mistralai';
import OpenAI from 'openai';

const forms = {
  'data only': (json) => `data: ${json}\n\n`,
  'comment and empty line': (json) => `: ping\n\ndata: ${json}\n\n`,
  'comment in the event': (json) => `: ping\ndata: ${json}\n\n`,
  'id before data': (json) => `id: 7\ndata: ${json}\n\n`,
  'event before data': (json) => `event: message\ndata: ${json}\n\n`,
  'id behind data': (json) => `data: ${json}\nid: 7\n\n`,
  'data on two lines': (json) => `data: ${json.slice(0, 1)}\ndata: ${json.slice(1)}\n\n`,
};
const words = ['one ', 'two ', 'three'];
const google = words.map((text, i) => ({
  candidates: [{ index: 0, content: { role: 'model', parts: [{ text }] }, ...(i === 2 && { finishReason: 'STOP' }) }],
}));
const others = words.map((content, i) => ({
  id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm',
  choices: [{ index: 0, delta: { role: 'assistant', content }, finish_reason: i === 2 ? 'stop' : null }],
}));
let form;
const server = http.createServer((request, response) => {
  request.resume();
  const toGoogle = /generateContent/i.test(request.url);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of toGoogle ? google : others) response.write(forms[form](JSON.stringify(event)));
  response.end(toGoogle ? '' : 'data: [DONE]\n\n');
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const root = `http://127.0.0.1:${server.address().port}`;
const genai = new GoogleGenAI({ apiKey: 'k', httpOptions: { baseUrl: root } });
const mistral = new Mistral({ apiKey: 'k', serverURL: root });
const openai = new OpenAI({ apiKey: 'k', baseURL: `${root}/v1` });
const messages = [{ role: 'user', content: 'Hello' }], model = 'm';
const clients = {
  genai: async (add) => {
    for await (const chunk of await genai.models.generateContentStream({ model, contents: 'Hello' })) add(chunk.text);
  },
  mistral: async (add) => {
    for await (const { data } of await mistral.chat.stream({ model, messages })) add(data.choices[0].delta.content);
  },
  openai: async (add) => {
    for await (const chunk of await openai.chat.completions.create({ model, messages, stream: true }))
      add(chunk.choices[0].delta.content);
  },
};
for (form of Object.keys(forms)) {
  const results = [];
  for (const [name, read] of Object.entries(clients)) {
    let text = '';
    const end = await read((piece) => (text += piece)).then(() => JSON.stringify(text), (error) => error.name);
    results.push(`${name} ${end}`);
  }
  console.log(`${form}: ${results.join('; ')}`);
}
process.exit();
JS

node --no-deprecation finding.mjs | tee seen
diff - seen <<'EXPECTED'
data only: genai "one two three"; mistral "one two three"; openai "one two three"
comment and empty line: genai "one two three"; mistral "one two three"; openai "one two three"
comment in the event: genai ""; mistral "one two three"; openai "one two three"
id before data: genai ""; mistral "one two three"; openai "one two three"
event before data: genai ""; mistral "one two three"; openai "one two three"
id behind data: genai SyntaxError; mistral "one two three"; openai "one two three"
data on two lines: genai SyntaxError; mistral "one two three"; openai "one two three"
EXPECTED
