#!/usr/bin/env bash
# What:     @opentelemetry/instrumentation-openai 0.22.0, @traceloop/instrumentation-openai 0.27.0, @langfuse/openai
#           5.11.1 and langsmith 0.10.5 (npm) with openai 6.49.0 on Node.js 20: a streamed chat that is refused with
#           429, or fails after its first piece: the connection is cut, or an event of the server is an error. The
#           application gets an error each time.
# Guess:    a span with an error and what had come, and a duration with an error.type in OpenTelemetry's metric.
# Seen:     of what fails in the stream three of the four export nothing: no span, no duration. An error rate made of
#           them counts the refusals (traceloop not even those) and none of the answers that broke off, which is how an
#           overloaded model fails. LangSmith records all three, with the error.
# Output:   opentelemetry: refused 1, connection cut 0, error event 0 spans; refused 1, connection cut 0, error event 0 durations
#           traceloop: refused 0, connection cut 0, error event 0 spans
#           langfuse: refused 1, connection cut 0, error event 0 spans
#           langsmith: refused 1, connection cut 1, error event 1 runs
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

const runs = [];  // What LangSmith's server gets.
const server = http.createServer((request, response) => {
  const parts = [];
  request.on('data', (data) => parts.push(data)).on('end', async () => {
    if (!request.url.endsWith('/chat/completions')) {
      if (request.method === 'PATCH') runs.push(JSON.parse(Buffer.concat(parts)));
      return response.writeHead(202, { 'content-type': 'application/json' }).end('{}');
    }
    if (scenario === 'refused') {
      const error = { message: 'slow down', type: 'rate_limit_error' };
      return response.writeHead(429, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(chunk(piece({ role: 'assistant', content: 'red ' })));
    await pause(200);
    if (scenario === 'connection cut') return response.destroy();
    response.end(`data: ${JSON.stringify({ error: { message: 'overloaded', type: 'server_error', code: 'overloaded' } })}\n\n`);
  });
});

async function main() {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  const client = wrapped(new OpenAI({ apiKey: 'k', baseURL: `${url}/v1`, maxRetries: 0 }), url);
  const messages = [{ role: 'user', content: 'Hello' }];
  const read = async () => {
    for await (const _ of await client.chat.completions.create({ model: 'm', stream: true, messages }));
  };
  if (await read().then(() => true, () => false)) throw new Error('the application sees no error');
  await pause(1000);
  await meterProvider.forceFlush();
  const durations = (exporter.getMetrics().at(-1)?.scopeMetrics ?? []).flatMap(({ metrics }) => metrics)
    .filter(({ descriptor }) => descriptor.name === 'gen_ai.client.operation.duration').length;
  const counts = { spans: memory.getFinishedSpans().length, durations, runs: runs.filter(({ error }) => error).length };
  console.log(`${scenario} ${counts[process.argv[4]]}`);
  process.exit();
}
main();
JS

count() { # NAME WHAT
  echo "$(node finding.cjs "$1" refused "$2"), $(node finding.cjs "$1" 'connection cut' "$2")," \
    "$(node finding.cjs "$1" 'error event' "$2") $2"
}
{
  echo "opentelemetry: $(count opentelemetry spans); $(count opentelemetry durations)"
  echo "traceloop: $(count traceloop spans)"
  echo "langfuse: $(count langfuse spans)"
  echo "langsmith: $(count langsmith runs)"
} | tee seen
diff - seen <<'EXPECTED'
opentelemetry: refused 1, connection cut 0, error event 0 spans; refused 1, connection cut 0, error event 0 durations
traceloop: refused 0, connection cut 0, error event 0 spans
langfuse: refused 1, connection cut 0, error event 0 spans
langsmith: refused 1, connection cut 1, error event 1 runs
EXPECTED
