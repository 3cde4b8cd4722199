import { expect, test } from 'vitest';
import { orderOf, type WindowChoice } from './windowOrder';

const choice: WindowChoice = { services: ['switch'], hold: false, minutes: '15', reason: '' };

test('minutes become seconds', () => {
  expect(orderOf(choice)).toEqual({ services: ['switch'], mode: 'ttl', ttl_sec: 900 });
  expect(orderOf({ ...choice, minutes: '0.5' })).toMatchObject({ ttl_sec: 30 });
});

test('a window without end has to be chosen', () => {
  expect(orderOf({ ...choice, hold: true, reason: ' night ' })).toEqual({
    services: ['switch'],
    mode: 'hold',
    reason: 'night',
  });
});

test.each(['', ' ', '0', '-3', 'x', 'Infinity'])('%j minutes are refused', (minutes) => {
  expect(orderOf({ ...choice, minutes })).toMatch(/minutes/);
});

test('a window without services is refused', () => {
  expect(orderOf({ ...choice, services: [] })).toMatch(/service/);
});
