import { expect, test } from 'vitest';
import { budgetLeft } from './budget';

test('a budget that is used up is no negative share', () => {
  expect(budgetLeft(0.974)).toBe('97 %');
  expect(budgetLeft(0)).toBe('0 %');
  expect(budgetLeft(-24)).toBe('spent, 25 ×');
  expect(budgetLeft(-0.25)).toBe('spent, 1.3 ×');
});
