import { expect, test } from 'vitest';
import { moment, spokenSpan } from '../lib/format';
import { limits } from './limits';

test('what a rule would admit is said', () => {
  const now = Date.parse('2026-06-15T12:00:00Z');
  const at = '2026-06-16T00:00:00Z';
  expect(limits({ max_ttl_sec: 1800 }, now)).toEqual([`A window of at most ${spokenSpan(1_800_000)} is granted now.`]);
  expect(limits({ max_ttl_sec: 0, available_at: at }, now)).toEqual([`The budget is free again ${moment(at, now)}.`]);
  expect(limits({ error: 'window_open' }, now)).toEqual([]);
});
