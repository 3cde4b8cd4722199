import { expect, test } from 'vitest';
import { ApiError, UnreachableError } from '../api/errors';
import { connectionOf } from './connection';

const label = (...args: Parameters<typeof connectionOf>) => connectionOf(...args).label;

test('who is away is said by the answer, or by its absence', () => {
  expect(label('live', new UnreachableError(), 'ok')).toBe('Backend away');
  expect(label('away', null, 'ok')).toBe('Backend away');
  expect(label('live', new ApiError(503, { module: 'tentaculo_link' }), 'ok')).toBe('Gateway away');
  expect(label('away', new ApiError(503, { module: 'tentaculo_link' }), 'ok')).toBe('Gateway away');
  expect(label('live', new ApiError(503, { module: 'database' }), 'ok')).toBe('Backend: database away');
  expect(label('live', new ApiError(500, {}), 'ok')).toBe('Backend fails');
});

test('a token without the scope makes no claim', () => {
  const refused = new ApiError(403, { error: 'insufficient_scope' });
  expect(connectionOf('refused', refused, undefined)).toEqual({ status: 'unknown', label: 'Status not permitted' });
});

test('too many requests leave what is known', () => {
  expect(label('live', new ApiError(429, {}), 'ok')).toBe('System ok');
  expect(label('live', new ApiError(429, {}), undefined)).toBe('System not known');
});

test('without an error the status of the system is shown', () => {
  expect(label('connecting', null, undefined)).toBe('Connecting');
  expect(connectionOf('live', null, 'degraded')).toEqual({ status: 'degraded', label: 'System degraded' });
});
