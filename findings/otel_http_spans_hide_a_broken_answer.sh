#!/usr/bin/env bash
# What:     @opentelemetry/instrumentation-http and instrumentation-undici (npm, 0.301.0 and 0.34.0) on Node.js 20: a
#           streamed answer that the server breaks off half-way, for which the client gets an error; and one that the
#           client leaves.
# Guess:    the client's span of the broken answer has an error, with error.type in http.client.request.duration, and
#           the span of the server differs from one of an answer that was read to its end, in both cases.
# Seen:     instrumentation-http has no sign of either, on both sides: status UNSET, code 200, no error.type, no event,
#           as for a whole answer. An error rate made of these spans or metrics is zero while each answer breaks off.
#           The same request by fetch(), with instrumentation-undici, has the error. A request that fails before the
#           head of its answer has one in both.
# Output:   whole: http client UNSET, http server UNSET, fetch UNSET; the client saw: end, end
#           broken off: http client UNSET, http server UNSET, fetch ERROR UND_ERR_SOCKET; the client saw: error, error
#           left: http client UNSET, http server UNSET, fetch UNSET; the client saw: left, left
#           refused: http client ERROR, fetch ERROR; the client saw: error, error
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund @opentelemetry/api@1.10.0 @opentelemetry/sdk-trace@3.1.0 \
  @opentelemetry/sdk-metrics@3.1.0 @opentelemetry/instrumentation@0.301.0 @opentelemetry/instrumentation-http@0.301.0 \
  @opentelemetry/instrumentation-undici@0.34.0 || exit 2

cat >finding.cjs <<'JS'
const { registerInstrumentations } = require('@opentelemetry/instrumentation');
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
const { UndiciInstrumentation } = require('@opentelemetry/instrumentation-undici');
const { AggregationTemporality, InMemoryMetricExporter, MeterProvider,
  PeriodicExportingMetricReader } = require('@opentelemetry/sdk-metrics');
const { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } = require('@opentelemetry/sdk-trace');

const memory = new InMemorySpanExporter();
const tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: memory })] });
const exporter = new InMemoryMetricExporter(AggregationTemporality.DELTA);
const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1e8 });
const meterProvider = new MeterProvider({ readers: [reader] });
const instrumentations = [new HttpInstrumentation(), new UndiciInstrumentation()];
registerInstrumentations({ tracerProvider, meterProvider, instrumentations });
const http = require('node:http');
const { setTimeout: pause } = require('node:timers/promises');

const server = http.createServer(async (request, response) => {
  request.resume();
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (let piece = 0; piece < 6 && !response.closed; piece++) {
    response.write('data: word\n\n');
    await pause(100);
    if (request.url === '/broken' && piece === 2) return response.destroy();
  }
  response.end();
});
const clients = {
  http: (url, leave) => new Promise((resolve) => {
    const request = http.request(url, { method: 'POST' }, (response) => {
      response.on('error', () => resolve('error')).on('end', () => resolve('end')).on('data', () => {
        if (leave) resolve('left'), request.destroy();
      });
    });
    request.on('error', () => resolve('error')).end('{}');
  }),
  fetch: async (url, leave) => {
    for await (const _ of (await fetch(url, { method: 'POST', body: '{}' })).body) if (leave) return 'left';
    return 'end';
  },
};

async function observe(title, url, leave) {
  const outcomes = [], saw = [];
  for (const [name, client] of Object.entries(clients)) {
    memory.reset();
    exporter.reset();
    saw.push(await client(url, leave).catch(() => 'error'));
    await pause(1000);
    await meterProvider.forceFlush();
    const types = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics).flatMap(({ metrics }) => metrics)
      .flatMap(({ dataPoints }) => dataPoints.map(({ attributes }) => attributes['error.type'])).filter(Boolean);
    const spans = memory.getFinishedSpans().filter(({ kind }) => name === 'http' || kind === 2);
    for (const { kind, status, events } of spans.sort((one, other) => other.kind - one.kind)) {
      const side = name === 'http' ? (kind === 2 ? 'http client' : 'http server') : 'fetch';
      if (status.code !== 2 && (events.length || types.length)) throw new Error('there is a sign');
      const type = types.includes('UND_ERR_SOCKET') ? ' UND_ERR_SOCKET' : '';
      outcomes.push(`${side} ${['UNSET', 'OK', `ERROR${type}`][status.code]}`);
    }
  }
  console.log(`${title}: ${outcomes.join(', ')}; the client saw: ${saw.join(', ')}`);
}
async function main() {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  await observe('whole', `${url}/whole`);
  await observe('broken off', `${url}/broken`);
  await observe('left', `${url}/whole`, true);
  server.close();
  server.closeAllConnections();
  await observe('refused', `${url}/`);
  process.exit();
}
main();
JS

node finding.cjs | tee seen
diff - seen <<'EXPECTED'
whole: http client UNSET, http server UNSET, fetch UNSET; the client saw: end, end
broken off: http client UNSET, http server UNSET, fetch ERROR UND_ERR_SOCKET; the client saw: error, error
left: http client UNSET, http server UNSET, fetch UNSET; the client saw: left, left
refused: http client ERROR, fetch ERROR; the client saw: error, error
EXPECTED
