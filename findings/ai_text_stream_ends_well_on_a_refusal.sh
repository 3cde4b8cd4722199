#!/usr/bin/env bash
# What:     ai 7.0.173 with @ai-sdk/openai-compatible 3.0.92 (npm) on Node.js 20: `streamText` when the server refuses.
# Guess:    `for await (const text of result.textStream)` throws if the server answers 401 or 503, as `fetch` wrappers do.
# Seen:     the loop ends as after a good and empty answer. The refusal goes to console.error, unless there is an
#           `onError`; `await result.text` throws an error that does not name the status. Code that only forwards
#           textStream turns each refusal into an empty answer.
# Output:   401: textStream ended well with 0 characters; result.text: NoOutputGeneratedError; onError: 401
#           503: textStream ended well with 0 characters; result.text: NoOutputGeneratedError; onError: 503
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund ai@7.0.173 @ai-sdk/openai-compatible@3.0.92

cat >finding.mjs <<'JS'
import http from 'node:http';
import { streamText } from 'ai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';

let status;
const server = http.createServer((request, response) => {
  request.resume();
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: { message: 'refused', type: 'refusal', code: 'refused', param: null } }));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const provider = createOpenAICompatible({
  name: 'local', apiKey: 'key', baseURL: `http://127.0.0.1:${server.address().port}/v1`,
});

async function outcome() {
  let reported = 'nothing';
  const result = streamText({
    model: provider('m'), prompt: 'hello', maxRetries: 0,
    onError: ({ error }) => (reported = error.statusCode),
  });
  let text = '';
  let end = 'ended well';
  try {
    for await (const piece of result.textStream) text += piece;
  } catch (error) {
    end = `threw ${error.name}`;
  }
  const whole = await Promise.resolve(result.text).then(() => 'a text', (error) => error.constructor.name);
  return `textStream ${end} with ${text.length} characters; result.text: ${whole}; onError: ${reported}`;
}
for (status of [401, 503]) console.log(`${status}: ${await outcome()}`);
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
401: textStream ended well with 0 characters; result.text: NoOutputGeneratedError; onError: 401
503: textStream ended well with 0 characters; result.text: NoOutputGeneratedError; onError: 503
EXPECTED
