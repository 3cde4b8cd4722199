#!/usr/bin/env bash
# What:     openai 6.49.0 (npm) on Node.js 20 with what records its calls: @opentelemetry/instrumentation-openai 0.22.0,
#           @traceloop/instrumentation-openai 0.27.0, @arizeai/openinference-instrumentation-openai 4.2.7, @langfuse/openai 5.11.1; an
#           application that reads the request's id by `withResponse()`, parses structured answers by `parse()`, and streams by the
#           helper `stream()` and by `tee()`.
# Guess:    whatever is recorded, or not: each method of the client works as it does without.
# Seen:     only openinference leaves the client whole. With OpenTelemetry's `parse()` reads the body a second time and throws. With
#           traceloop's a streamed answer is no longer the client's: no `withResponse()`, no `tee()`, and the helper throws.
#           langfuse makes every answer a plain promise, so that there is no `withResponse()` at all, and its helper has no
#           `finalContent()`. So tracing, switched on in production alone, ends what worked in every test; and how a gateway's
#           request id reaches the application's log is what goes first.
# Output:   none: nothing fails
#           opentelemetry: parse: Body is unusable: Body has already been read
#           traceloop: withResponse of a stream: no function; helper: Cannot read properties of undefined (reading 'signal'); tee: no function
#           openinference: nothing fails
#           langfuse: withResponse: no function; withResponse of a stream: no function; helper: no function; tee: no function
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --force openai@6.49.0 @opentelemetry/api@1.10.0 @opentelemetry/sdk-trace@3.1.0 \
  @opentelemetry/instrumentation@0.300.0 @opentelemetry/instrumentation-openai@0.22.0 @traceloop/instrumentation-openai@0.27.0 \
  @arizeai/openinference-instrumentation-openai@4.2.7 @langfuse/openai@5.11.1 2>log || exit 2

cat >finding.cjs <<'JS'
const http = require('node:http');
const { trace } = require('@opentelemetry/api');
const { registerInstrumentations } = require('@opentelemetry/instrumentation');
const { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } = require('@opentelemetry/sdk-trace');

const name = process.argv[2];
const tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: new InMemorySpanExporter() })] });
trace.setGlobalTracerProvider(tracerProvider);
const packages = {
  opentelemetry: '@opentelemetry/instrumentation-openai',
  traceloop: '@traceloop/instrumentation-openai',
  openinference: '@arizeai/openinference-instrumentation-openai',
};
const instrumentation = packages[name] && new (require(packages[name]).OpenAIInstrumentation)();
if (name === 'opentelemetry') registerInstrumentations({ tracerProvider, instrumentations: [instrumentation] });
const { OpenAI } = require('openai');
if (instrumentation?.manuallyInstrument) {
  instrumentation.setTracerProvider(tracerProvider);
  instrumentation.manuallyInstrument(OpenAI);
}
const message = { role: 'assistant', content: 'word' };
const common = { id: 'x', created: 1, model: 'm' };
const server = http.createServer(async (request, response) => {
  let body = '';
  for await (const piece of request) body += piece;
  const { stream } = JSON.parse(body);
  response.writeHead(200, { 'content-type': stream ? 'text/event-stream' : 'application/json', 'x-request-id': 'req_1' });
  const choice = { index: 0, [stream ? 'delta' : 'message']: message, finish_reason: 'stop' };
  const answer = JSON.stringify({ ...common, object: stream ? 'chat.completion.chunk' : 'chat.completion', choices: [choice] });
  response.end(stream ? `data: ${answer}\n\ndata: [DONE]\n\n` : answer);
});

async function main() {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  let client = new OpenAI({ apiKey: 'k', baseURL: `http://127.0.0.1:${server.address().port}/v1`, maxRetries: 0 });
  if (name === 'langfuse') client = require('@langfuse/openai').observeOpenAI(client);
  const { completions } = client.chat;
  const chat = { model: 'm', messages: [{ role: 'user', content: 'Hello' }] };
  const streamed = { ...chat, stream: true };
  const cases = {
    'create': async () => (await completions.create(chat)).choices[0].message.content,
    'create of a stream': async () => { for await (const chunk of await completions.create(streamed)) return chunk.choices[0].delta.content; },
    'withResponse': async () => (await completions.create(chat).withResponse()).request_id,
    'withResponse of a stream': async () => (await completions.create(streamed).withResponse()).request_id,
    'parse': async () => (await completions.parse(chat)).choices[0].message.content,
    'helper': async () => completions.stream(chat).finalContent(),
    'tee': async () => { for await (const chunk of (await completions.create(streamed)).tee()[1]) return chunk.choices[0].delta.content; },
  };
  const failures = [];
  for (const [title, use] of Object.entries(cases)) {
    const seen = await use().catch((error) => (/is not a function/.test(error.message) ? 'no function' : error.message));
    if (!['word', 'req_1'].includes(seen)) failures.push(`${title}: ${seen}`);
  }
  console.log(`${name}: ${failures.join('; ') || 'nothing fails'}`);
  process.exit();
}
main();
JS

for name in none opentelemetry traceloop openinference langfuse; do node finding.cjs "$name"; done | tee seen
diff - seen <<'EXPECTED'
none: nothing fails
opentelemetry: parse: Body is unusable: Body has already been read
traceloop: withResponse of a stream: no function; helper: Cannot read properties of undefined (reading 'signal'); tee: no function
openinference: nothing fails
langfuse: withResponse: no function; withResponse of a stream: no function; helper: no function; tee: no function
EXPECTED
