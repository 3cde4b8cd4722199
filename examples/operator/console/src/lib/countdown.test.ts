import { expect, test } from 'vitest';
import { announcement, remainingMs, remainingShare, untilNextTick } from './countdown';

const now = Date.parse('2026-01-01T12:00:00Z');

test('the time left is that of the server’s clock', () => {
  expect(remainingMs('2026-01-01T12:05:00Z', now)).toBe(300_000);
  expect(remainingMs('2026-01-01T13:05:00+01:00', now)).toBe(300_000);
});

test('an expired window has nothing left', () => {
  expect(remainingMs('2026-01-01T11:00:00Z', now)).toBe(0);
});

test('a held window has no deadline', () => {
  expect(remainingMs(null, now)).toBeNull();
  expect(remainingMs('nonsense', now)).toBeNull();
  expect(remainingShare(null, 60)).toBe(1);
});

test('the share left does not exceed the granted time', () => {
  expect(remainingShare(30_000, 60)).toBe(0.5);
  expect(remainingShare(90_000, 60)).toBe(1);
  expect(remainingShare(90_000, 0)).toBe(1);
});

test('the shown second changes when it has passed', () => {
  expect(untilNextTick(4300)).toBe(300);
  expect(untilNextTick(4000)).toBe(1000);
});

test('the end and the last minutes are announced once', () => {
  expect(announcement(299_500, 300_500)).toBe(300_000);
  expect(announcement(298_500, 299_500)).toBeNull();
  expect(announcement(0, 900)).toBe(0);
  expect(announcement(0, 0)).toBeNull();
});
