#!/usr/bin/env bash
# What:     @opentelemetry/sdk-metrics 3.1.0 and exporter-prometheus 0.301.0 (npm) on Node.js 20: a counter whose label
#           has 100 new values between two exports, with `aggregationCardinalityLimit: 50`.
# Guess:    there are never more than 50 series: 49 values, and one that holds the rest (otel.metric.overflow). The
#           limit is there to bound the memory of a process that lives for months.
# Seen:     the limit is counted anew from one collection to the next. With cumulative temporality, and so for
#           Prometheus, each interval adds 49 series that are kept and exported for ever: 491 after ten. Only delta
#           temporality keeps to 50. With the default of 2000 and a label such as a user's id, the memory of the process
#           and the size of the answer grow without an end, at the pace of the scrapes. Values have to be bounded before
#           add().
# Output:   delta: 50, 50, 50 series after 1, 5, 10 exports
#           cumulative: 50, 246, 491 series after 1, 5, 10 exports
#           Prometheus: 50, 246, 491 series after 1, 5, 10 scrapes
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund @opentelemetry/sdk-metrics@3.1.0 @opentelemetry/exporter-prometheus@0.301.0 \
  @opentelemetry/api@1.10.0 || exit 2

cat >finding.mjs <<'JS'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider,
  PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';

const views = [{ instrumentName: 'chats', aggregationCardinalityLimit: 50 }];
async function observe(title, reader, unit, series) {
  const provider = new MeterProvider({ readers: [reader], views });
  const counter = provider.getMeter('finding').createCounter('chats');
  const counts = [];
  for (let interval = 0; interval < 10; interval++) {
    for (let user = 0; user < 100; user++) counter.add(1, { user: `${interval}-${user}` });
    counts.push(await series(provider));
  }
  console.log(`${title}: ${counts[0]}, ${counts[4]}, ${counts[9]} series after 1, 5, 10 ${unit}`);
}
for (const temporality of ['DELTA', 'CUMULATIVE']) {
  const exporter = new InMemoryMetricExporter(AggregationTemporality[temporality]);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1e8 });
  await observe(temporality.toLowerCase(), reader, 'exports', async (provider) => {
    await provider.forceFlush();
    return exporter.getMetrics().at(-1).scopeMetrics[0].metrics[0].dataPoints.length;
  });
}
const prometheus = new PrometheusExporter({ preventServerStart: true });
await observe('Prometheus', prometheus, 'scrapes', async () => {
  const text = await new Promise((resolve) =>
    prometheus.getMetricsRequestHandler({}, { setHeader: () => {}, end: resolve }));
  return text.match(/^chats_total{/gm).length;
});
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
delta: 50, 50, 50 series after 1, 5, 10 exports
cumulative: 50, 246, 491 series after 1, 5, 10 exports
Prometheus: 50, 246, 491 series after 1, 5, 10 scrapes
EXPECTED
