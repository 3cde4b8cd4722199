#!/usr/bin/env bash
# What:     @opentelemetry/sdk-trace 3.1.0, sdk-logs 3.1.1 and sdk-metrics 3.1.0 with the OTLP exporters 0.301.0, langfuse 3.39.2
#           and langsmith 0.12.0 (npm) on Node.js 20: a program that writes a record and awaits forceFlush(), or flush(), and
#           shutdown(), as before its exit, while the collector refuses everything with 401.
# Guess:    the promise rejects in all of them: it is the one place where a program can see that its records were refused.
# Seen:     so it is for traces. For logs and metrics it resolves, and nothing is printed without a diag logger: a wrong token
#           is a clean run and an empty dashboard. langfuse and langsmith resolve as well, and print the refusal to the
#           console. A check that telemetry arrives has to ask the backend.
# Output:   traces: forceFlush rejects, shutdown rejects; printed: nothing
#           logs: forceFlush resolves, shutdown resolves; printed: nothing
#           metrics: forceFlush resolves, shutdown resolves; printed: nothing
#           langfuse: flushAsync resolves, shutdownAsync resolves; printed: the refusal
#           langsmith: flush resolves; printed: the refusal
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --force @opentelemetry/api@1.10.0 @opentelemetry/sdk-trace@3.1.0 \
  @opentelemetry/exporter-trace-otlp-http@0.301.0 @opentelemetry/sdk-logs@3.1.1 @opentelemetry/exporter-logs-otlp-http@0.301.0 \
  @opentelemetry/sdk-metrics@3.1.0 @opentelemetry/exporter-metrics-otlp-http@0.301.0 langfuse@3.39.2 langsmith@0.12.0 || exit 2

cat >finding.mjs <<'JS'
import http from 'node:http';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { Langfuse } from 'langfuse';
import { Client as LangSmith } from 'langsmith';

let requests;
const server = http.createServer((request, response) => {
  request.resume().on('end', () => {
    ++requests;
    response.writeHead(401, { 'content-type': 'application/json' }).end('{"message":"unknown token"}');
  });
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const base = `http://127.0.0.1:${server.address().port}`;
let printed = '';
const out = process.stdout.write.bind(process.stdout);
for (const stream of [process.stdout, process.stderr]) stream.write = (text) => (printed += text, true);

async function outcome(end) {
  requests = 0;
  const how = await end().then(() => 'resolves', () => 'rejects');
  return requests ? how : `${how}, without a request`;
}
async function say(name, record, ends) {
  printed = '';
  const line = [];
  for (const [word, end] of Object.entries(ends)) {
    record();
    line.push(`${word} ${await outcome(end)}`);
  }
  out(`${name}: ${line.join(', ')}; printed: ${/401|nauthorized/.test(printed) ? 'the refusal' : printed || 'nothing'}\n`);
}
const all = (provider) => ({ forceFlush: () => provider.forceFlush(), shutdown: () => provider.shutdown() });
const tracers = new TracerProvider({
  spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: `${base}/v1/traces` }) })] });
await say('traces', () => tracers.getTracer('x').startSpan('chat').end(), all(tracers));
const loggers = new LoggerProvider({
  processors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter({ url: `${base}/v1/logs` }) })] });
await say('logs', () => loggers.getLogger('x').emit({ body: 'chat' }), all(loggers));
const meters = new MeterProvider({
  readers: [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter({ url: `${base}/v1/metrics` }) })] });
await say('metrics', () => meters.getMeter('x').createCounter('chats').add(1), all(meters));
const langfuse = new Langfuse({ publicKey: 'a', secretKey: 'b', baseUrl: base, fetchRetryCount: 1, fetchRetryDelay: 100 });
await say('langfuse', () => langfuse.trace({ name: 'chat' }),
  { flushAsync: () => langfuse.flushAsync(), shutdownAsync: () => langfuse.shutdownAsync() });
const langsmith = new LangSmith({ apiUrl: base, apiKey: 'k' });
process.on('unhandledRejection', () => {});
const id = '01890000-0000-7000-8000-000000000001';
await say('langsmith', () => langsmith.createRun({ name: 'chat', run_type: 'llm', inputs: {}, id, trace_id: id, dotted_order: `x${id}` }),
  { flush: () => langsmith.flush() });
process.exit();
JS

node --no-deprecation finding.mjs | tee seen
diff - seen <<'EXPECTED'
traces: forceFlush rejects, shutdown rejects; printed: nothing
logs: forceFlush resolves, shutdown resolves; printed: nothing
metrics: forceFlush resolves, shutdown resolves; printed: nothing
langfuse: flushAsync resolves, shutdownAsync resolves; printed: the refusal
langsmith: flush resolves; printed: the refusal
EXPECTED
