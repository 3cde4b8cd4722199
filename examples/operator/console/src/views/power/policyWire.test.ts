import { expect, test } from 'vitest';
import { daysText, readPolicies } from './policyWire';

test('days are shown as ranges', () => {
  expect(daysText(['mon', 'tue', 'wed', 'thu', 'fri'])).toBe('Mon–Fri');
  expect(daysText(['sat', 'sun'])).toBe('Sat, Sun');
  expect(daysText(['wed', 'mon', 'sun', 'tue'])).toBe('Mon–Wed, Sun');
  expect(daysText(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])).toBe('every day');
  expect(daysText([])).toBe('');
});

test('an answer of another form is no policy', () => {
  expect(readPolicies(null)).toBeNull();
  expect(readPolicies({ correlation_id: 'c' })).toBeNull();
  const period = { limit_sec: null, used_sec: 0, left_sec: null, resets_at: '' };
  const known = { bounds: {}, budget: { day: period, month: period }, schedules: [], decisions: [], on_demand: {} };
  expect(readPolicies(known)).toBe(known);
});
