#!/usr/bin/env bash
# What:     @opentelemetry/sdk-trace 3.1.0 and exporter-trace-otlp-http 0.301.0 (npm) on Node.js 20: 100 spans end
#           within a second, and the collector takes half a second for each request.
# Guess:    SimpleSpanProcessor exports each span when it ends, without a queue that could be full: slowly, but all of
#           them.
# Seen:     30 arrive. The exporter allows 30 requests at a time (`concurrencyLimit`) and fails the others with
#           "Concurrent export limit reached"; the processor drops a span that fails. By default no logger is set, and
#           the application sees nothing of it, unless it awaits forceFlush() and looks at the error. BatchSpanProcessor
#           delivers all in one request.
# Output:   simple: 30 of 100 spans, forceFlush() fails: Error: Concurrent export limit reached
#           simple, concurrencyLimit 100: 100 of 100 spans, forceFlush() is well
#           batch: 100 of 100 spans, forceFlush() is well
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund @opentelemetry/sdk-trace@3.1.0 @opentelemetry/exporter-trace-otlp-http@0.301.0 \
  @opentelemetry/api@1.10.0 || exit 2

cat >finding.mjs <<'JS'
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BatchSpanProcessor, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

let arrived;
const server = http.createServer((request, response) => {
  let body = '';
  request.on('data', (data) => (body += data)).on('end', async () => {
    await pause(500);
    arrived += JSON.parse(body).resourceSpans[0].scopeSpans[0].spans.length;
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${server.address().port}/v1/traces`;

async function observe(title, processor) {
  arrived = 0;
  const provider = new TracerProvider({ spanProcessors: [processor] });
  const tracer = provider.getTracer('finding');
  for (let chat = 0; chat < 100; chat++) tracer.startSpan('chat').end();
  const flush = await provider.forceFlush().then(() => 'is well', (error) => `fails: ${`${error}`.split(',')[0]}`);
  await pause(3000);
  console.log(`${title}: ${arrived} of 100 spans, forceFlush() ${flush}`);
}
await observe('simple', new SimpleSpanProcessor({ exporter: new OTLPTraceExporter({ url }) }));
await observe('simple, concurrencyLimit 100',
  new SimpleSpanProcessor({ exporter: new OTLPTraceExporter({ url, concurrencyLimit: 100 }) }));
await observe('batch', new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url }) }));
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
simple: 30 of 100 spans, forceFlush() fails: Error: Concurrent export limit reached
simple, concurrencyLimit 100: 100 of 100 spans, forceFlush() is well
batch: 100 of 100 spans, forceFlush() is well
EXPECTED
