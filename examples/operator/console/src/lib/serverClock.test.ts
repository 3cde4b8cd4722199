import { expect, test } from 'vitest';
import { ServerClock } from './serverClock';

const noon = 'Thu, 01 Jan 2026 12:00:00 GMT';
const at = Date.parse(noon);

test('without an answer the browser’s clock is used', () => {
  expect(new ServerClock().offset).toBe(0);
});

test('a browser that is ten minutes late is corrected to the second', () => {
  const clock = new ServerClock();
  const late = at - 600_000;
  clock.observe(noon, late, late + 40);
  expect(Math.abs(clock.offset - 600_000)).toBeLessThanOrEqual(1000);
});

test('further answers narrow the offset', () => {
  const clock = new ServerClock();
  clock.observe(noon, at, at + 20);
  // 990 ms later the date is still the same: the offset cannot be above 10 ms.
  clock.observe(noon, at + 990, at + 995);
  expect(clock.offset).toBeLessThanOrEqual(10);
  expect(clock.offset).toBeGreaterThanOrEqual(-1000);
});

test('an answer that contradicts the earlier ones starts anew', () => {
  const clock = new ServerClock();
  clock.observe(noon, at, at + 20);
  clock.observe(noon, at - 3_600_000, at - 3_600_000 + 20);
  expect(Math.abs(clock.offset - 3_600_000)).toBeLessThanOrEqual(1000);
});

test('a missing or malformed date is ignored', () => {
  const clock = new ServerClock();
  clock.observe(null, 0, 1);
  clock.observe('yesterday', 0, 1);
  expect(clock.offset).toBe(0);
});
