#!/usr/bin/env bash
# What:     @opentelemetry/exporter-trace-otlp-http and exporter-metrics-otlp-http 0.301.0 (npm) on
#           Node.js 20, default timeout of 10 s: a collector that says 503, for a moment, and
#           metrics with delta temporality.
# Guess:    the exporter waits as the collector asks, or at least tries as often as without a
#           Retry-After, until its timeout. What a failed export held of a delta counter is in the
#           next one.
# Seen:     a Retry-After longer than what is left of the timeout ends the export at once: one POST,
#           and the spans are gone. Without the header the same 503 is tried again within two
#           seconds. A collector that asks for 20 s of quiet so loses all that comes in them. And a
#           delta that was not delivered is not added to the next: 5 and 7 arrive as 7. With
#           cumulative temporality, the default, 12 arrive.
# Output:   503 once: success, 2 POSTs
#           503 once, Retry-After: 1: success, 2 POSTs
#           503 once, Retry-After: 20: failure within 1 s, 1 POST
#           delta, 5 refused, then 7: 7 arrive
#           cumulative, 5 refused, then 7: 12 arrive
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund @opentelemetry/exporter-trace-otlp-http@0.301.0 \
  @opentelemetry/exporter-metrics-otlp-http@0.301.0 @opentelemetry/sdk-trace@3.1.0 \
  @opentelemetry/sdk-metrics@3.1.0 @opentelemetry/api@1

cat >finding.mjs <<'JS'
import http from 'node:http';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { AggregationTemporality, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

let refusal;  // headers of the answer to the first POST
let bodies;
const server = http.createServer((request, response) => {
  let body = '';
  request.on('data', (data) => (body += data)).on('end', () => {
    bodies.push(body);
    const [status, headers] = bodies.length === 1 ? [503, refusal] : [200, {}];
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end('{}');
  });
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${server.address().port}/`;

const memory = new InMemorySpanExporter();
const tracing = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: memory })] });
tracing.getTracer('finding').startSpan('one').end();
await tracing.forceFlush();
if (memory.getFinishedSpans().length !== 1) throw new Error('there is no span to export');
for (const seconds of [null, 1, 20]) {
  [refusal, bodies] = [seconds ? { 'retry-after': String(seconds) } : {}, []];
  const started = Date.now();
  const { code } = await new Promise((resolve) =>
    new OTLPTraceExporter({ url }).export(memory.getFinishedSpans(), resolve));
  const outcome = code === 0 ? 'success' : Date.now() - started < 1000 ? 'failure within 1 s' : 'failure';
  const posts = bodies.length === 1 ? '1 POST' : `${bodies.length} POSTs`;
  console.log(`503 once${seconds ? `, Retry-After: ${seconds}` : ''}: ${outcome}, ${posts}`);
}

for (const [name, temporality] of [['delta', 'DELTA'], ['cumulative', 'CUMULATIVE']]) {
  [refusal, bodies] = [{ 'retry-after': '20' }, []];
  const exporter = new OTLPMetricExporter({ url, temporalityPreference: AggregationTemporality[temporality] });
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1e8 });
  const provider = new MeterProvider({ readers: [reader] });
  const counter = provider.getMeter('finding').createCounter('chats');
  for (const amount of [5, 7]) {
    counter.add(amount);
    await provider.forceFlush().catch(() => {});
  }
  const [{ scopeMetrics: [{ metrics: [{ sum }] }] }] = JSON.parse(bodies[1]).resourceMetrics;
  const [{ asDouble, asInt = asDouble }] = sum.dataPoints;
  console.log(`${name}, 5 refused, then 7: ${asInt} arrive`);
}
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
503 once: success, 2 POSTs
503 once, Retry-After: 1: success, 2 POSTs
503 once, Retry-After: 20: failure within 1 s, 1 POST
delta, 5 refused, then 7: 7 arrive
cumulative, 5 refused, then 7: 12 arrive
EXPECTED
