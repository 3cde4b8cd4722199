import { expect, test } from 'vitest';
import { readEvent, readMessage } from './eventWire';

const wire = {
  id: 7,
  event_id: '7',
  type: 'login',
  event_type: 'login',
  ts: '2026-01-01T00:00:00Z',
  created_at: '2026-01-01T00:00:00Z',
  severity: 'info',
  module: 'operator',
  summary: 'ops logged in',
  correlation_id: 'c-1',
  payload: {},
};

test('an event is read', () => {
  expect(readEvent(wire)).toMatchObject({ id: 7, type: 'login', module: 'operator', correlationId: 'c-1' });
});

test.each([null, 4, 'x', {}, { id: 'x' }, { id: -1 }, { id: 1e300 }])('%j is no event', (value) => {
  expect(readEvent(value)).toBeNull();
});

test('an unknown severity is shown as information', () => {
  expect(readEvent({ ...wire, severity: 'loud' })?.severity).toBe('info');
});

test('a message that is no JSON is skipped', () => {
  expect(readMessage('<html>')).toEqual({ events: [], gap: null });
  expect(readMessage('null')).toEqual({ events: [], gap: null });
});

test('what is no event is left out of a message', () => {
  expect(readMessage(JSON.stringify({ type: 'events', events: [wire, {}] })).events).toHaveLength(1);
});

test('a gap is seen', () => {
  expect(readMessage('{"type":"gap","events":[],"after":7,"before":12}').gap).toEqual({ after: 7, until: 12 });
  expect(readMessage('{"type":"gap","events":[],"after":"x"}').gap).toBeNull();
});
