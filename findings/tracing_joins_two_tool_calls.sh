#!/usr/bin/env bash
# What:     @traceloop/instrumentation-openai 0.27.0, @arizeai/openinference-instrumentation-openai 4.2.7,
#           @langfuse/openai 5.11.1 and langsmith 0.10.5 (npm) with openai 6.49.0 on Node.js 20: a streamed answer that
#           calls two tools, one after the other, as OpenAI's models do by default.
# Guess:    each records two calls, with their names and arguments.
# Seen:     three of them pass over `index` and glue the calls into one: a tool that does not exist, with arguments that
#           are no JSON ("weatherclock"; langfuse keeps the last name). Who looks at such a trace sees a model that
#           calls wrongly; who counts tools in it, or makes test data of it, counts and learns what never was. The
#           application itself has both calls.
# Output:   traceloop: weather {"city":"Paris"} + clock {"zone":"CET"}
#           openinference: weatherclock {"city":"Paris"}{"zone":"CET"}
#           langfuse: clock {"city":"Paris"}{"zone":"CET"}
#           langsmith: weatherclock {"city":"Paris"}{"zone":"CET"}
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
const call = (index, more) => piece({ tool_calls: [{ index, ...more }] });
const events = [['weather', '{"city":', '"Paris"}'], ['clock', '{"zone":', '"CET"}']].flatMap(([tool, ...texts], index) => [
  chunk(call(index, { id: `call-${index}`, type: 'function', function: { name: tool, arguments: '' } })),
  ...texts.map((text) => chunk(call(index, { function: { arguments: text } }))),
]).concat(chunk(piece({}, 'tool_calls')));

const runs = [];  // What LangSmith's server gets.
const server = http.createServer((request, response) => {
  const parts = [];
  request.on('data', (data) => parts.push(data)).on('end', async () => {
    if (!request.url.endsWith('/chat/completions')) {
      if (request.method === 'PATCH') runs.push(JSON.parse(Buffer.concat(parts)));
      return response.writeHead(202, { 'content-type': 'application/json' }).end('{}');
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(events.join('') + 'data: [DONE]\n\n');
  });
});

async function main() {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  const client = wrapped(new OpenAI({ apiKey: 'k', baseURL: `${url}/v1`, maxRetries: 0 }), url);
  const messages = [{ role: 'user', content: 'Hello' }];
  for await (const _ of await client.chat.completions.create({ model: 'm', stream: true, messages }));
  await pause(1000);
  await meterProvider.forceFlush();
  const attributes = memory.getFinishedSpans()[0]?.attributes ?? {};
  const openinference = [0, 1].map((i) => `llm.output_messages.0.message.tool_calls.${i}.tool_call.function`)
    .filter((key) => attributes[`${key}.name`])
    .map((key) => ({ name: attributes[`${key}.name`], arguments: attributes[`${key}.arguments`] }));
  const calls = {
    traceloop: () => JSON.parse(attributes['gen_ai.output.messages'])[0].parts,
    openinference: () => openinference,
    langfuse: () => JSON.parse(attributes['langfuse.observation.output']).tool_calls.map((call) => call.function),
    langsmith: () => runs[0].outputs.choices[0].message.tool_calls.map((call) => call.function),
  }[name]();
  const text = (value) => (typeof value === 'string' ? value : JSON.stringify(value));
  console.log(calls.map((call) => `${call.name} ${text(call.arguments)}`).join(' + '));
  process.exit();
}
main();
JS

for name in traceloop openinference langfuse langsmith; do
  echo "$name: $(node finding.cjs $name)"
done | tee seen
diff - seen <<'EXPECTED'
traceloop: weather {"city":"Paris"} + clock {"zone":"CET"}
openinference: weatherclock {"city":"Paris"}{"zone":"CET"}
langfuse: clock {"city":"Paris"}{"zone":"CET"}
langsmith: weatherclock {"city":"Paris"}{"zone":"CET"}
EXPECTED
