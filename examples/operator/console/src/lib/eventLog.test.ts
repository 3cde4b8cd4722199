import { expect, test } from 'vitest';
import { emptyLog, gapBelow, matches, merge, paused, withGap, withoutGap, type SystemEvent } from './eventLog';

const event = (id: number, more: Partial<SystemEvent> = {}): SystemEvent => ({
  id,
  type: 'breaker.opened',
  at: '2026-01-01T00:00:00Z',
  severity: 'warn',
  module: 'switch',
  summary: `event ${id}`,
  correlationId: `c-${id}`,
  payload: {},
  ...more,
});
const ids = (log: { events: readonly SystemEvent[] }) => log.events.map((e) => e.id);

test('the newest stand first, whatever their order of arrival', () => {
  expect(ids(merge(merge(emptyLog, [event(2), event(5)]), [event(3)]))).toEqual([5, 3, 2]);
});

test('an event that arrives by list and by stream is kept once', () => {
  expect(ids(merge(merge(emptyLog, [event(1), event(2)]), [event(2), event(3)]))).toEqual([3, 2, 1]);
});

test('the log is bounded', () => {
  const many = Array.from({ length: 50 }, (_, i) => event(i));
  expect(ids(merge(emptyLog, many, 3))).toEqual([49, 48, 47]);
});

test('nothing added changes nothing', () => {
  const log = merge(emptyLog, [event(1)]);
  expect(merge(log, [])).toBe(log);
});

test('a gap stands between its neighbours, once', () => {
  let log = merge(emptyLog, [event(3), event(9), event(10)]);
  log = withGap(withGap(log, { after: 3, until: 9 }), { after: 3, until: 9 });
  expect(log.gaps).toHaveLength(1);
  expect(gapBelow(log, event(9), event(3))).toEqual({ after: 3, until: 9 });
  expect(gapBelow(log, event(10), event(9))).toBeUndefined();
});

test('a gap leaves with the events around it', () => {
  const log = withGap(merge(emptyLog, [event(1), event(5)]), { after: 1, until: 5 });
  expect(merge(log, [event(6), event(7)], 2).gaps).toEqual([]);
});

test('a gap that is loaded in pieces shrinks and closes', () => {
  const gap = { after: 3, until: 9 };
  const log = withGap(merge(emptyLog, [event(3), event(9)]), gap);
  expect(withoutGap(log, gap, 7).gaps).toEqual([{ after: 3, until: 7 }]);
  expect(withoutGap(log, gap, 4).gaps).toEqual([]);
  expect(withoutGap(log, gap, null).gaps).toEqual([{ ...gap, lost: true }]);
});

test('a paused list grows downwards alone, and loses nothing', () => {
  const frozen = merge(emptyLog, [event(5), event(6)]);
  const log = merge(emptyLog, [event(3), event(4), event(6), event(7)]);
  expect(ids(paused(frozen, log))).toEqual([6, 5, 4, 3]);
});

test('filters', () => {
  const all = { severity: '', module: '', text: '' } as const;
  expect(matches(event(1), all)).toBe(true);
  expect(matches(event(1), { ...all, severity: 'error' })).toBe(false);
  expect(matches(event(1), { ...all, module: 'madre' })).toBe(false);
  expect(matches(event(1), { ...all, text: 'EVENT 1' })).toBe(true);
  expect(matches(event(1), { ...all, text: 'c-2' })).toBe(false);
});
