import { expect, test } from 'vitest';
import type { AuditRecord } from '../../api/types';
import { withoutPlans } from './history';

const entry = (id: number, outcome: string, object = 'hermes', principal = 'anna') =>
  ({ id, action: 'service.stop', object, principal, outcome }) as AuditRecord;
const kept = (...newestFirst: AuditRecord[]) => withoutPlans(newestFirst).map(({ id }) => id);

test('a plan that was carried out is one line with its command', () => {
  expect(kept(entry(2, 'done'), entry(1, 'planned'))).toEqual([2]);
  expect(kept(entry(2, 'refused'), entry(1, 'planned'))).toEqual([2]);
});

test('a plan that was not carried out stays', () => {
  expect(kept(entry(1, 'planned'))).toEqual([1]);
  expect(kept(entry(3, 'planned'), entry(2, 'done'), entry(1, 'planned'))).toEqual([3, 2]);
  expect(kept(entry(2, 'done', 'switch'), entry(1, 'planned'))).toEqual([2, 1]);
  expect(kept(entry(2, 'done', 'hermes', 'ben'), entry(1, 'planned'))).toEqual([2, 1]);
});
