#!/usr/bin/env bash
# What:     @opentelemetry/instrumentation-openai 0.22.0, @traceloop/instrumentation-openai 0.27.0,
#           @arizeai/openinference-instrumentation-openai 4.2.7, @langfuse/openai 5.11.1 and langsmith 0.10.5 (npm) with
#           openai 6.49.0 on Node.js 20: the token counts of a streamed chat with `include_usage`, as the last event has
#           them (OpenAI), and as a running total in each piece (vLLM's `continuous_usage_stats`).
# Guess:    all five record what the server counted, streamed as not streamed, and of a running total the last.
# Seen:     traceloop and openinference record no tokens for a stream at all, though both do for an answer in one piece:
#           the bill that is made of their spans misses each stream. OpenTelemetry's span has the last total, but its
#           metric gen_ai.client.token.usage adds up all of them: 30 in place of 10, and the longer the answer, the
#           more.
# Output:   opentelemetry: at the end: 10 in, 8 out (metric 10 in, 8 out); in each piece: 10 in, 3 out (metric 30 in, 6 out)
#           traceloop: at the end: none; in each piece: none
#           openinference: at the end: none; in each piece: none
#           langfuse: at the end: 10 in, 8 out; in each piece: 10 in, 3 out
#           langsmith: at the end: 10 in, 8 out; in each piece: 10 in, 3 out
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --force openai@6.49.0 @opentelemetry/api@1.10.0 @opentelemetry/sdk-trace@3.1.0 \
  @opentelemetry/sdk-metrics@3.1.0 @opentelemetry/instrumentation@0.300.0 @opentelemetry/instrumentation-openai@0.22.0 \
  @traceloop/instrumentation-openai@0.27.0 @arizeai/openinference-instrumentation-openai@4.2.7 @langfuse/openai@5.11.1 \
  langsmith@0.10.5 2>/dev/null || exit 2

cat >finding.cjs <<'JS'
const http = require('node:http');
const { setTimeout: pause } = require('node:timers/promises');
const { trace } = require('@opentelemetry/api');
const { registerInstrumentations } = require('@opentelemetry/instrumentation');
const { AggregationTemporality, InMemoryMetricExporter, MeterProvider,
  PeriodicExportingMetricReader } = require('@opentelemetry/sdk-metrics');
const { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } = require('@opentelemetry/sdk-trace');

const [, , name, scenario] = process.argv;
const memory = new InMemorySpanExporter();
const tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: memory })] });
trace.setGlobalTracerProvider(tracerProvider);
const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1e8 });
const meterProvider = new MeterProvider({ readers: [reader] });

const packages = {
  opentelemetry: '@opentelemetry/instrumentation-openai',
  traceloop: '@traceloop/instrumentation-openai',
  openinference: '@arizeai/openinference-instrumentation-openai',
};
const instrumentation = packages[name] && new (require(packages[name]).OpenAIInstrumentation)();
if (name === 'opentelemetry') registerInstrumentations({ tracerProvider, meterProvider, instrumentations: [instrumentation] });
const { OpenAI } = require('openai');
if (instrumentation?.manuallyInstrument) {
  instrumentation.setTracerProvider(tracerProvider);
  instrumentation.manuallyInstrument(OpenAI);
}
function wrapped(client, url) {
  if (name === 'langfuse') return require('@langfuse/openai').observeOpenAI(client);
  if (name !== 'langsmith') return client;
  const recorder = new (require('langsmith').Client)({ apiUrl: url, apiKey: 'k', autoBatchTracing: false });
  return require('langsmith/wrappers').wrapOpenAI(client, { client: recorder, tracingEnabled: true });
}

const head = { id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm' };
const chunk = (choices, more) => `data: ${JSON.stringify({ ...head, choices, ...more })}\n\n`;
const piece = (delta, finish_reason = null, index = 0) => [{ index, delta, finish_reason }];
const usage = (prompt_tokens, completion_tokens) =>
  ({ usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens } });
const events = {
  'at the end': [chunk(piece({ role: 'assistant', content: 'red ' })), chunk(piece({ content: 'blue' }, 'stop')),
    chunk([], usage(10, 8))],
  'in each piece': [chunk(piece({ role: 'assistant', content: 'red ' }), usage(10, 1)),
    chunk(piece({ content: 'blue' }), usage(10, 2)), chunk(piece({}, 'stop'), usage(10, 3))],
};

const runs = [];  // What LangSmith's server gets.
const server = http.createServer((request, response) => {
  const parts = [];
  request.on('data', (data) => parts.push(data)).on('end', async () => {
    if (!request.url.endsWith('/chat/completions')) {
      if (request.method === 'PATCH') runs.push(JSON.parse(Buffer.concat(parts)));
      return response.writeHead(202, { 'content-type': 'application/json' }).end('{}');
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(events[scenario].join('') + 'data: [DONE]\n\n');
  });
});

async function main() {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  const client = wrapped(new OpenAI({ apiKey: 'k', baseURL: `${url}/v1`, maxRetries: 0 }), url);
  const messages = [{ role: 'user', content: 'Hello' }];
  const stream_options = { include_usage: true };
  for await (const _ of await client.chat.completions.create({ model: 'm', stream: true, stream_options, messages }));
  await pause(1000);
  await meterProvider.forceFlush();
  const [span] = memory.getFinishedSpans();
  const attributes = span?.attributes ?? {};
  const details = JSON.parse(attributes['langfuse.observation.usage_details'] ?? '{}');
  const recorded = runs[0]?.outputs.usage_metadata ?? {};
  const first = (...values) => values.find((value) => value !== undefined);
  const tokens = (side, llm) => first(attributes[`gen_ai.usage.${side}_tokens`],
    attributes[`llm.token_count.${llm}`], details[side], recorded[`${side}_tokens`]);
  const [input, output] = [tokens('input', 'prompt'), tokens('output', 'completion')];
  if (!span && !runs[0]) throw new Error('nothing was recorded');
  const sums = (exporter.getMetrics().at(-1)?.scopeMetrics ?? []).flatMap(({ metrics }) => metrics)
    .filter(({ descriptor }) => descriptor.name === 'gen_ai.client.token.usage')
    .flatMap(({ dataPoints }) => dataPoints.map(({ value }) => value.sum));
  const metric = sums.length ? ` (metric ${sums[0]} in, ${sums[1]} out)` : '';
  console.log(`${scenario}: ${input === undefined ? 'none' : `${input} in, ${output} out`}${metric}`);
  process.exit();
}
main();
JS

for name in opentelemetry traceloop openinference langfuse langsmith; do
  echo "$name: $(node finding.cjs $name 'at the end'); $(node finding.cjs $name 'in each piece')"
done | tee seen
diff - seen <<'EXPECTED'
opentelemetry: at the end: 10 in, 8 out (metric 10 in, 8 out); in each piece: 10 in, 3 out (metric 30 in, 6 out)
traceloop: at the end: none; in each piece: none
openinference: at the end: none; in each piece: none
langfuse: at the end: 10 in, 8 out; in each piece: 10 in, 3 out
langsmith: at the end: 10 in, 8 out; in each piece: 10 in, 3 out
EXPECTED
