#!/usr/bin/env bash
# What:     cockatiel 4.0.0 and opossum 10.0.0 (npm) on Node.js 20: calls that arrive while a half-open circuit breaker
#           has one trial call under way, which takes three seconds and then fails, or succeeds.
# Guess:    both reject them at once, as they do while the circuit is open: that is what a circuit breaker is for.
# Seen:     opossum does. In cockatiel they wait for the trial: when it fails, each is rejected three seconds late, with
#           the error of an open circuit, and when it succeeds, they all run at that moment. A service whose upstream
#           hangs answers at once while the circuit is open, and then, at every trial, holds each request for as long as
#           the trial takes; the requests of that time reach a server that has just come back all together. A limit on the
#           trial alone, or a bulkhead in front of the breaker, bounds it.
# Output:   opossum, trial fails: open: rejected at once; in the trial: 20 rejected at once, 1 call
#           opossum, trial succeeds: open: rejected at once; in the trial: 20 rejected at once, 1 call
#           cockatiel, trial fails: open: rejected at once; in the trial: 20 rejected after the trial, 1 call
#           cockatiel, trial succeeds: open: rejected at once; in the trial: 20 run after the trial, 20 within 100 ms, 21 calls
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund cockatiel@4.0.0 opossum@10.0.0 || exit 2

cat >finding.mjs <<'JS'
import { setTimeout as pause } from 'node:timers/promises';
import { circuitBreaker, ConsecutiveBreaker, handleAll } from 'cockatiel';
import CircuitBreaker from 'opossum';

const trialTime = 3000;
const makers = {
  opossum: (work) => {
    const breaker = new CircuitBreaker(work, { resetTimeout: 500, timeout: 10_000 });
    return () => breaker.fire();
  },
  cockatiel: (work) => {
    const breaker = circuitBreaker(handleAll, { halfOpenAfter: 500, breaker: new ConsecutiveBreaker(3) });
    return () => breaker.execute(work);
  },
};
async function observe(name, succeeds) {
  let slow = false;
  const calls = [];
  const call = makers[name](async () => {
    calls.push(Date.now());
    if (slow) await pause(calls.length === 1 ? trialTime : 0);
    if (!slow || !succeeds) throw new Error('upstream');
  });
  const result = async () => {
    const began = Date.now();
    const outcome = await call().then(() => 'run', ({ message }) => (message === 'upstream' ? 'failed' : 'rejected'));
    return `${outcome} ${Date.now() - began < 500 ? 'at once' : 'after the trial'}`;
  };
  for (let i = 0; i < 3; i++) await result();
  const open = await result();
  await pause(800);
  slow = true;
  calls.length = 0;
  const trial = result();
  await pause(100);
  const others = await Promise.all(Array.from({ length: 20 }, result));
  await trial;
  const kinds = [...new Set(others)].map((kind) => `${others.filter((other) => other === kind).length} ${kind}`).join(', ');
  const together = calls.slice(1).filter((at) => at - calls[1] < 100).length;
  const burst = calls.length > 1 ? `, ${together} within 100 ms` : '';
  const count = `${calls.length} call${calls.length === 1 ? '' : 's'}`;
  return `${name}, trial ${succeeds ? 'succeeds' : 'fails'}: open: ${open}; in the trial: ${kinds}${burst}, ${count}`;
}
const lines = [];
for (const name of Object.keys(makers)) lines.push(...await Promise.all([observe(name, false), observe(name, true)]));
console.log(lines.join('\n'));
process.exit();
JS

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
opossum, trial fails: open: rejected at once; in the trial: 20 rejected at once, 1 call
opossum, trial succeeds: open: rejected at once; in the trial: 20 rejected at once, 1 call
cockatiel, trial fails: open: rejected at once; in the trial: 20 rejected after the trial, 1 call
cockatiel, trial succeeds: open: rejected at once; in the trial: 20 run after the trial, 20 within 100 ms, 21 calls
EXPECTED
