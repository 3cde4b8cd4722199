import { expect, test } from 'vitest';
import { Backoff } from './backoff';

test('waits double up to the longest', () => {
  const backoff = new Backoff(1000, 8000, () => 1);
  expect([1, 2, 3, 4, 5, 6].map(() => backoff.next())).toEqual([1000, 2000, 4000, 8000, 8000, 8000]);
});

test('jitter keeps at least half', () => {
  const backoff = new Backoff(1000, 8000, () => 0);
  expect([backoff.next(), backoff.next()]).toEqual([500, 1000]);
});

test('success starts anew', () => {
  const backoff = new Backoff(1000, 8000, () => 1);
  backoff.next();
  backoff.next();
  backoff.reset();
  expect(backoff.next()).toBe(1000);
});

test('a thousand failures stay finite', () => {
  const backoff = new Backoff(1000, 8000, () => 1);
  for (let i = 0; i < 1000; ++i) expect(backoff.next()).toBeLessThanOrEqual(8000);
});
