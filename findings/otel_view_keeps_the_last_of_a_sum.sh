#!/usr/bin/env bash
# What:     @opentelemetry/sdk-metrics 3.1.0 (npm) on Node.js 20: a view that leaves the attribute `user` out, to keep
#           the number of series small, over counters and gauges of two users of one model.
# Guess:    the view adds up what falls together: 100 and 7 tokens are 107, for each kind of counter.
# Seen:     a counter with add() is 107. The observable counters are 7: the last observation replaces the others,
#           without a warning, and with delta temporality too. Which one is the last is a matter of the order in the
#           callback, so the sum jumps as users come and leave, and a rate over it shows restarts that never were. A
#           view that drops an attribute of an observable counter needs the sum in its callback.
# Output:   Counter: 107
#           UpDownCounter: 107
#           ObservableCounter: 7
#           ObservableUpDownCounter: 7
#           ObservableCounter, next round: 120 and 9 observed, in the other order: 120
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund @opentelemetry/sdk-metrics@3.1.0 @opentelemetry/api@1.10.0 || exit 2

cat >finding.mjs <<'JS'
import { AggregationTemporality, createAllowListAttributesProcessor, InMemoryMetricExporter, MeterProvider,
  PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';

const kinds = ['Counter', 'UpDownCounter', 'ObservableCounter', 'ObservableUpDownCounter'];
const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const provider = new MeterProvider({
  readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1e8 })],
  views: [{ instrumentName: '*', attributesProcessors: [createAllowListAttributesProcessor(['model'])] }],
});
const meter = provider.getMeter('finding');
let observations = [['a', 100], ['b', 7]];
for (const kind of kinds) {
  const instrument = meter[`create${kind}`](kind);
  const attributes = (user) => ({ model: 'm', user });
  if (instrument.add) for (const [user, tokens] of observations) instrument.add(tokens, attributes(user));
  else instrument.addCallback((result) => {
    for (const [user, tokens] of observations) result.observe(tokens, attributes(user));
  });
}
async function sums() {
  await provider.forceFlush();
  return Object.fromEntries(exporter.getMetrics().at(-1).scopeMetrics[0].metrics.map(({ descriptor, dataPoints }) => {
    if (dataPoints.length !== 1) throw new Error('the view has not left the user out');
    return [descriptor.name, dataPoints[0].value];
  }));
}
for (const [kind, sum] of Object.entries(await sums())) console.log(`${kind}: ${sum}`);
observations = [['b', 9], ['a', 120]];
const { ObservableCounter: sum } = await sums();
console.log(`ObservableCounter, next round: 120 and 9 observed, in the other order: ${sum}`);
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
Counter: 107
UpDownCounter: 107
ObservableCounter: 7
ObservableUpDownCounter: 7
ObservableCounter, next round: 120 and 9 observed, in the other order: 120
EXPECTED
