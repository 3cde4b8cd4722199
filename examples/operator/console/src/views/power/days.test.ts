import { expect, test } from 'vitest';
import { daysText } from './days';

test('days are shown as ranges', () => {
  expect(daysText(['mon', 'tue', 'wed', 'thu', 'fri'])).toBe('Mon–Fri');
  expect(daysText(['sat', 'sun'])).toBe('Sat, Sun');
  expect(daysText(['wed', 'mon', 'sun', 'tue'])).toBe('Mon–Wed, Sun');
  expect(daysText(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])).toBe('every day');
  expect(daysText([])).toBe('');
});
