import { expect, test } from 'vitest';
import { ApiError, UnreachableError } from './errors';
import { polling, waitAfterFailure } from './queries';

const state = (error: Error | null) => ({ state: { error, dataUpdatedAt: 0, errorUpdateCount: 1 } });

test('without a failure the interval is that of the settings', () => {
  expect(polling(5000)(state(null))).toBe(5000);
});

test('waits grow with the time since the last success, up to a bound', () => {
  const wait = (ago: number) =>
    waitAfterFailure({ error: null, dataUpdatedAt: 1_000_000 - ago, errorUpdateCount: 9 }, 1_000_000);
  expect([1000, 20_000, 40_000, 900_000].map(wait)).toEqual([2000, 5000, 10_000, 15_000]);
});

test('waits double while there never was data', () => {
  const wait = (errorUpdateCount: number) =>
    waitAfterFailure({ error: null, dataUpdatedAt: 0, errorUpdateCount }, 1_000_000);
  expect([1, 2, 3, 4, 500].map(wait)).toEqual([2000, 4000, 8000, 15_000, 15_000]);
});

test('a backend that is away is asked again, a refusal is not repeated', () => {
  expect(polling(5000)(state(new UnreachableError()))).toBe(2000);
  expect(polling(5000)(state(new ApiError(503, {})))).toBe(2000);
  expect(polling(5000)(state(new ApiError(403, {})))).toBe(false);
});
