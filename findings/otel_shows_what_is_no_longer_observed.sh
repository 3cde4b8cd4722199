#!/usr/bin/env bash
# What:     @opentelemetry/sdk-metrics 3.1.0 and exporter-prometheus 0.301.0 (npm) on Node.js 20: observable instruments
#           for the breakers of targets `a` and `b`; then `b` is taken out of the configuration, and the callback
#           observes `a` alone.
# Guess:    what the callback no longer observes is no longer exported, as the specification of asynchronous instruments
#           has it. That is what they are for.
# Seen:     the last value of `b` is exported for as long as the process lives, gauges too, by Prometheus and with
#           cumulative temporality. A breaker that was open when its target was removed stays open on each dashboard,
#           and its alert fires until the process ends. With delta temporality it is gone at once. An explicit last
#           value (observe 0) is the only way out.
# Output:   Prometheus: a and b; after b was removed: a 0, b 1 (open)
#           cumulative: a and b; after b was removed: a 0, b 1 (open)
#           delta: a and b; after b was removed: a 0
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

async function observe(title, reader, values) {
  const targets = { a: 0, b: 1 };
  const provider = new MeterProvider({ readers: [reader] });
  provider.getMeter('finding').createObservableGauge('open').addCallback((result) => {
    for (const [target, open] of Object.entries(targets)) result.observe(open, { target });
  });
  const first = await values(provider);
  delete targets.b;
  for (let export_ = 0; export_ < 5; export_++) await values(provider);
  const last = Object.entries(await values(provider)).map(([target, open]) => `${target} ${open}${open ? ' (open)' : ''}`);
  console.log(`${title}: ${Object.keys(first).join(' and ')}; after b was removed: ${last.join(', ')}`);
}
const prometheus = new PrometheusExporter({ preventServerStart: true });
await observe('Prometheus', prometheus, async () => {
  const text = await new Promise((resolve) =>
    prometheus.getMetricsRequestHandler({}, { setHeader: () => {}, end: resolve }));
  return Object.fromEntries([...text.matchAll(/^open{.*target="(\w)".*} (\d)$/gm)].map(([, target, open]) => [target, +open]));
});
for (const temporality of ['CUMULATIVE', 'DELTA']) {
  const exporter = new InMemoryMetricExporter(AggregationTemporality[temporality]);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1e8 });
  await observe(temporality.toLowerCase(), reader, async (provider) => {
    exporter.reset();
    await provider.forceFlush();
    const { dataPoints } = exporter.getMetrics()[0].scopeMetrics[0].metrics[0];
    return Object.fromEntries(dataPoints.map(({ attributes, value }) => [attributes.target, value]));
  });
}
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
Prometheus: a and b; after b was removed: a 0, b 1 (open)
cumulative: a and b; after b was removed: a 0, b 1 (open)
delta: a and b; after b was removed: a 0
EXPECTED
