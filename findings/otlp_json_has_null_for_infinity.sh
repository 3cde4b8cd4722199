#!/usr/bin/env bash
# What:     @opentelemetry/exporter-trace-otlp-http, exporter-metrics-otlp-http (JSON) and their -proto siblings 0.301.0
#           (npm) on Node.js 20: attributes and measurements that are NaN, Infinity or an integer beyond 64 bits.
# Guess:    JSON has the strings "NaN" and "Infinity", as the JSON mapping of protobuf has it, and an integer that no int64
#           holds is a doubleValue in both forms.
# Seen:     JSON has null: an attribute, a point of a gauge and a counter's sum without a value, and a histogram whose count
#           and buckets say one thing and whose sum, min and max are null, for the life of the process, after a single
#           Infinity. 1e19 is an intValue that no reader of protobuf's JSON may take. In protobuf all is as it was measured.
#           A receiver of OTLP/JSON has to bear null in the place of a number; a division by zero is to be caught before
#           record().
# Output:   JSON, attribute NaN: {"doubleValue":null}
#           JSON, attribute Infinity: {"doubleValue":null}
#           JSON, attribute 1e19: {"intValue":10000000000000000000}
#           JSON, gauge Infinity: null
#           JSON, counter of 1 and NaN: null
#           JSON, histogram of 1 and Infinity: count 2, sum null, max null
#           protobuf, attribute NaN: doubleValue NaN
#           protobuf, attribute Infinity: doubleValue Infinity
#           protobuf, attribute 1e19: doubleValue 10000000000000000000
#           protobuf, gauge Infinity: Infinity
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund @opentelemetry/api@1 @opentelemetry/exporter-trace-otlp-http@0.301.0 \
  @opentelemetry/exporter-trace-otlp-proto@0.301.0 @opentelemetry/exporter-metrics-otlp-http@0.301.0 \
  @opentelemetry/exporter-metrics-otlp-proto@0.301.0 protobufjs@8.8.1 || exit 2

cat >finding.mjs <<'JS'
import http from 'node:http';
import { OTLPMetricExporter as JsonMetrics } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtoMetrics } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter as JsonTraces } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtoTraces } from '@opentelemetry/exporter-trace-otlp-proto';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import protobuf from 'protobufjs';

let received;
const server = http.createServer((request, response) => {
  const parts = [];
  request.on('data', (data) => parts.push(data)).on('end', () => {
    received = Buffer.concat(parts);
    const type = request.headers['content-type'];
    response.writeHead(200, { 'content-type': type }).end(type === 'application/json' ? '{}' : '');
  });
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${server.address().port}/v1/all`;

async function spans(Exporter) {
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: new Exporter({ url }) })] });
  provider.getTracer('t').startSpan('s', { attributes: { NaN: NaN, Infinity: Infinity, '1e19': 1e19 } }).end();
  await provider.forceFlush();
  return received;
}
async function metrics(Exporter) {
  const reader = new PeriodicExportingMetricReader({ exporter: new Exporter({ url }), exportIntervalMillis: 1e8 });
  const provider = new MeterProvider({ readers: [reader] });
  const meter = provider.getMeter('m');
  meter.createObservableGauge('gauge').addCallback((result) => result.observe(Infinity));
  const counter = meter.createCounter('counter');
  counter.add(1);
  counter.add(NaN);
  const histogram = meter.createHistogram('histogram');
  histogram.record(1);
  histogram.record(Infinity);
  await provider.forceFlush();
  return received;
}
// The text, since JSON.parse would round the integer.
const text = (await spans(JsonTraces)).toString();
for (const key of ['NaN', 'Infinity', '1e19'])
  console.log(`JSON, attribute ${key}: ${text.match(new RegExp(`"key":"${key}","value":({[^}]*})`))[1]}`);
const json = JSON.parse(await metrics(JsonMetrics));
const points = Object.fromEntries(json.resourceMetrics[0].scopeMetrics[0].metrics.map((metric) =>
  [metric.name, (metric.gauge ?? metric.sum ?? metric.histogram).dataPoints[0]]));
console.log(`JSON, gauge Infinity: ${points.gauge.asDouble}`);
console.log(`JSON, counter of 1 and NaN: ${points.counter.asDouble}`);
const { count, sum, max } = points.histogram;
console.log(`JSON, histogram of 1 and Infinity: count ${count}, sum ${sum}, max ${max}`);

// What of opentelemetry-proto is needed here; unknown fields are skipped.
const { root } = protobuf.parse(`syntax = "proto3";
  message Traces { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { repeated ScopeSpans scope_spans = 2; }
  message ScopeSpans { repeated Span spans = 2; }
  message Span { repeated KeyValue attributes = 9; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue { oneof value { string string_value = 1; int64 int_value = 3; double double_value = 4; } }
  message Metrics { repeated ResourceMetrics resource_metrics = 1; }
  message ResourceMetrics { repeated ScopeMetrics scope_metrics = 2; }
  message ScopeMetrics { repeated Metric metrics = 2; }
  message Metric { string name = 1; oneof data { Gauge gauge = 5; } }
  message Gauge { repeated NumberDataPoint data_points = 1; }
  message NumberDataPoint { double as_double = 4; }`);
const span = root.lookupType('Traces').decode(await spans(ProtoTraces)).resourceSpans[0].scopeSpans[0].spans[0];
for (const { key, value } of span.attributes) {
  const number = value[value.value];
  console.log(`protobuf, attribute ${key}: ${value.value} ${key === '1e19' ? BigInt(number) : number}`);
}
const [gauge] = root.lookupType('Metrics').decode(await metrics(ProtoMetrics)).resourceMetrics[0].scopeMetrics[0].metrics;
console.log(`protobuf, gauge Infinity: ${gauge.gauge.dataPoints[0].asDouble}`);
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
JSON, attribute NaN: {"doubleValue":null}
JSON, attribute Infinity: {"doubleValue":null}
JSON, attribute 1e19: {"intValue":10000000000000000000}
JSON, gauge Infinity: null
JSON, counter of 1 and NaN: null
JSON, histogram of 1 and Infinity: count 2, sum null, max null
protobuf, attribute NaN: doubleValue NaN
protobuf, attribute Infinity: doubleValue Infinity
protobuf, attribute 1e19: doubleValue 10000000000000000000
protobuf, gauge Infinity: Infinity
EXPECTED
