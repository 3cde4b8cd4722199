import { expect, test } from 'vitest';
import { ApiError, UnreachableError } from '../api/errors';
import { loginRefusal } from './loginRefusal';

test('only the gateway’s refusal is about the token', () => {
  expect(loginRefusal(new ApiError(401, { error: 'invalid_token' }))).toMatch(/does not accept this token/);
  expect(loginRefusal(new ApiError(403, { error: 'forbidden' }))).toMatch(/does not accept this token/);
  expect(loginRefusal(new ApiError(403, { error: 'cross_site' }))).toMatch(/address.*origins/);
  expect(loginRefusal(new ApiError(403, { message: 'Blocked' }))).toBe('Blocked');
});

test('what is away is named', () => {
  expect(loginRefusal(new ApiError(503, { module: 'tentaculo_link' }))).toMatch(/gateway cannot be reached/);
  expect(loginRefusal(new ApiError(503, { module: 'database', message: 'the database cannot be used now' }))).toBe(
    'the database cannot be used now',
  );
  expect(loginRefusal(new UnreachableError())).toBe('The backend cannot be reached.');
});

test('a browser that keeps no cookie is logged out at once', () => {
  expect(loginRefusal(new ApiError(401, { error: 'auth_required' }))).toMatch(/cookie/);
});
