#!/usr/bin/env bash
# What:     openai 7.59.0 (npm) on Node.js 20: responses.stream(…).finalResponse() when the stream
#           ends with response.failed or response.incomplete after a part of the text.
# Guess:    a failed response rejects with the error that it carries. An incomplete one resolves
#           with the text that came.
# Seen:     both resolve, and nothing is raised by the loop over the events either. The failed
#           response has an `error` that must be asked for, and in both output_text is empty: what
#           came in deltas is not in the final response unless the last event repeats it. Only the
#           event `error` rejects. A server that wants a failure noticed sends `error`, and repeats
#           in the last event's `output` what it has sent.
# Output:   completed: resolved, completed, "well done"
#           failed: resolved, failed, ""
#           incomplete: resolved, incomplete, ""
#           incomplete, output repeated: resolved, incomplete, "well"
#           error: rejected, APIError
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund openai@7.59.0

cat >finding.mjs <<'JS'
import http from 'node:http';
import OpenAI from 'openai';

const place = { item_id: 'msg_1', output_index: 0, content_index: 0 };
const part = (text) => ({ type: 'output_text', text, annotations: [] });
const item = (status, content) => ({ id: 'msg_1', type: 'message', role: 'assistant', status, content });
const response = (status, rest) => ({
  id: 'resp_1', object: 'response', created_at: 1, model: 'm', status, output: [], error: null,
  incomplete_details: null, instructions: null, metadata: {}, parallel_tool_calls: true, temperature: 1,
  tool_choice: 'auto', tools: [], top_p: 1, ...rest,
});
const opening = [
  { type: 'response.created', response: response('in_progress') },
  { type: 'response.output_item.added', output_index: 0, item: item('in_progress', []) },
  { type: 'response.content_part.added', ...place, part: part('') },
  { type: 'response.output_text.delta', ...place, delta: 'well', logprobs: [] },
];
const incomplete = (output) => response('incomplete', {
  incomplete_details: { reason: 'max_output_tokens' }, output,
});
const ENDINGS = {
  'completed': [
    { type: 'response.output_text.delta', ...place, delta: ' done', logprobs: [] },
    { type: 'response.output_text.done', ...place, text: 'well done', logprobs: [] },
    { type: 'response.content_part.done', ...place, part: part('well done') },
    { type: 'response.output_item.done', output_index: 0, item: item('completed', [part('well done')]) },
    { type: 'response.completed',
      response: response('completed', { output: [item('completed', [part('well done')])] }) },
  ],
  'failed': [{ type: 'response.failed',
    response: response('failed', { error: { code: 'server_error', message: 'no room' } }) }],
  'incomplete': [{ type: 'response.incomplete', response: incomplete([]) }],
  'incomplete, output repeated': [{ type: 'response.incomplete',
    response: incomplete([item('incomplete', [part('well')])]) }],
  'error': [{ type: 'error', code: 'server_error', message: 'no room', param: null }],
};
let ending;
const server = http.createServer((request, answer) => {
  request.resume();
  answer.writeHead(200, { 'content-type': 'text/event-stream' });
  [...opening, ...ending].forEach((event, sequence_number) =>
    answer.write(`event: ${event.type}\ndata: ${JSON.stringify({ ...event, sequence_number })}\n\n`));
  answer.end();
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const client = new OpenAI({
  apiKey: 'key', baseURL: `http://127.0.0.1:${server.address().port}/v1`, maxRetries: 0,
});
for (const [name, events] of Object.entries(ENDINGS)) {
  ending = events;
  const outcome = await client.responses.stream({ model: 'm', input: 'hello' }).finalResponse().then(
    ({ status, output_text }) => `resolved, ${status}, ${JSON.stringify(output_text)}`,
    (error) => `rejected, ${error.constructor.name}`,
  );
  console.log(`${name}: ${outcome}`);
}
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
completed: resolved, completed, "well done"
failed: resolved, failed, ""
incomplete: resolved, incomplete, ""
incomplete, output repeated: resolved, incomplete, "well"
error: rejected, APIError
EXPECTED
