#!/usr/bin/env bash
# What:     @opentelemetry/exporter-prometheus 0.301.0 with @opentelemetry/sdk-metrics 3.1.0 (npm)
#           on Node.js 20: what becomes of a unit, and of an exponential histogram.
# Guess:    as OpenTelemetry's specification of the translation to Prometheus has it: the unit
#           becomes a suffix (gen_ai.server.request.duration in s is
#           gen_ai_server_request_duration_seconds), and an exponential histogram becomes a
#           histogram of some kind.
# Seen:     the unit stands in a UNIT line only, with its short name, and no suffix. Dashboards made
#           for the collector's names (…_seconds) find nothing. An exponential histogram is
#           announced as "untyped" and has not one sample, neither count nor sum; a warning goes to
#           a diagnostic logger, and by default there is none.
# Output:   explicit: gen_ai_server_request_duration, 5 samples
#           exponential: HELP, UNIT s, TYPE untyped, 0 samples
#           warnings to a diagnostic logger: 1
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund @opentelemetry/exporter-prometheus@0.301.0 \
  @opentelemetry/sdk-metrics@3.1.0 @opentelemetry/api@1

cat >finding.mjs <<'JS'
import { diag, DiagLogLevel } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { AggregationType, MeterProvider } from '@opentelemetry/sdk-metrics';

let warnings = 0;
const count = () => (warnings += 1);
const ignore = () => {};
diag.setLogger({ error: count, warn: count, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.ALL);

const exporter = new PrometheusExporter({ preventServerStart: true });
const exponential = { type: AggregationType.EXPONENTIAL_HISTOGRAM };
const meter = new MeterProvider({
  readers: [exporter], views: [{ instrumentName: 'wait', aggregation: exponential }],
}).getMeter('finding');
const advice = { explicitBucketBoundaries: [0.1, 1] };
meter.createHistogram('gen_ai.server.request.duration', { unit: 's', advice }).record(0.3);
meter.createHistogram('wait', { unit: 's' }).record(0.3);

const text = await new Promise((resolve) =>
  exporter.getMetricsRequestHandler({}, { setHeader: ignore, end: resolve }));
const lines = text.split('\n');
const samples = (name) => lines.filter((line) => line.startsWith(name)).length;
const words = (keyword) => lines.find((line) => line.startsWith(`# ${keyword} wait `))?.split(' ')[3];
const [, name] = text.match(/^(gen_ai_server_request_duration\w*)_sum/m);
console.log(`explicit: ${name}, ${samples(name)} samples`);
console.log(`exponential: HELP, UNIT ${words('UNIT')}, TYPE ${words('TYPE')}, ${samples('wait')} samples`);
console.log(`warnings to a diagnostic logger: ${warnings}`);
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
explicit: gen_ai_server_request_duration, 5 samples
exponential: HELP, UNIT s, TYPE untyped, 0 samples
warnings to a diagnostic logger: 1
EXPECTED
