#!/usr/bin/env bash
# What:     prom-client 15.1.3 (npm, Node.js 20): a registry with a plain gauge and one whose `collect()` asks a database,
#           which fails, or does not answer.
# Guess:    the metrics that need no database are served; the failed one is left out.
# Seen:     `register.metrics()` rejects with the error of the one, and with a `collect()` that does not settle it does not
#           either: the target is down, and its request and error rates are gone in the outage that they are for. Nothing
#           bounds the time. A `collect()` has to catch, and to race a timer.
# Output:   all well: 2 samples
#           one fails: no samples, "database gone"
#           one does not answer: no samples after 3 s
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund prom-client@15.1.3 || exit 2

cat >finding.mjs <<'JS'
import client from 'prom-client';

async function scrape(title, collect) {
  const register = new client.Registry();
  new client.Gauge({ name: 'requests', help: 'plain', registers: [register] }).set(7);
  new client.Gauge({ name: 'rows', help: 'of a database', registers: [register], collect });
  const late = new Promise((resolve) => setTimeout(resolve, 3000, 'no samples after 3 s'));
  const samples = register.metrics().then(
    (text) => `${text.split('\n').filter((line) => /^\w/.test(line)).length} samples`,
    (error) => `no samples, "${error.message}"`);
  console.log(`${title}: ${await Promise.race([samples, late])}`);
}
await scrape('all well', async function () { this.set(1); });
await scrape('one fails', async () => { throw new Error('database gone'); });
await scrape('one does not answer', () => new Promise(() => {}));
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
all well: 2 samples
one fails: no samples, "database gone"
one does not answer: no samples after 3 s
EXPECTED
