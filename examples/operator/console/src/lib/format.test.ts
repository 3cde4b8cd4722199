import { expect, test } from 'vitest';
import { countdown, latency, moment, percent, shortSpan, spokenSpan, words } from './format';

test('spans are short', () => {
  expect(shortSpan(-5)).toBe('0 s');
  expect(shortSpan(59_999)).toBe('59 s');
  expect(shortSpan(60_000)).toBe('1 min');
  expect(shortSpan(7_200_000)).toBe('2 h');
  expect(shortSpan(3 * 86_400_000)).toBe('3 d');
});

test('a countdown shows 0:00 only when the time is over', () => {
  expect(countdown(0)).toBe('0:00');
  expect(countdown(1)).toBe('0:01');
  expect(countdown(245_000)).toBe('4:05');
  expect(countdown(3_723_000)).toBe('1:02:03');
  expect(countdown(-1)).toBe('0:00');
});

test('a countdown can be read aloud', () => {
  expect(spokenSpan(0)).toBe('0 seconds');
  expect(spokenSpan(61_000)).toBe('1 minute 1 second');
  expect(spokenSpan(31_536_000_000)).toBe('365 days');
  expect(spokenSpan(7_265_000)).toBe('2 hours 1 minute');
});

test('latencies have one unit', () => {
  expect(latency(undefined)).toBe('–');
  expect(latency(0.42)).toBe('0.4 ms');
  expect(latency(812.4)).toBe('812 ms');
  expect(latency(4210)).toBe('4.2 s');
});

test('shares and identifiers', () => {
  expect(percent(0.999, 2)).toBe('99.90 %');
  expect(words('half_open')).toBe('half open');
});

test('a moment of today has no date, and UTC is named', () => {
  const now = Date.parse('2026-01-01T12:00:00Z');
  expect(moment('2026-01-01T12:00:00Z', now, 'utc')).toMatch(/12:00:00.* UTC$/);
  expect(moment('2024-05-01T12:00:00Z', now, 'utc')).toMatch(/2024/);
  expect(moment('soon', now)).toBe('soon');
});
