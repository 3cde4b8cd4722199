import { expect, test } from 'vitest';
import {
  ApiError,
  errorOf,
  isExpiredLogin,
  isLackingScope,
  isOpenOutcome,
  isRefusedLogin,
  isTemporary,
  UnreachableError,
} from './errors';

const answer = (status: number, body: string, headers: Record<string, string> = {}) =>
  errorOf(new Response(body, { status, headers }));

test('the text of the backend is shown', async () => {
  const error = await answer(
    403,
    '{"status":"OFF_BY_POLICY","message":"Read-only.","recommended_action":"Log in anew."}',
  );
  expect(error.message).toBe('Read-only.');
  expect(error.offByPolicy).toBe(true);
  expect(error.recommendedAction).toBe('Log in anew.');
});

test.each([
  ['{"loc":["body","ttl_sec"],"msg":"is wrong"}', 'Minutes: is wrong'],
  [
    '{"loc":["body","ttl_sec"],"msg":"is wrong","ctx":{"ge":1,"le":3600}}',
    'Minutes: a window lasts from 1 second to 60 minutes',
  ],
  ['{"loc":["body","services",0],"msg":"is unknown"}', 'Services: is unknown'],
  ['{"loc":["body","else","where"],"msg":"is wrong"}', 'else.where: is wrong'],
  ['{"loc":["body"],"msg":"Invalid JSON"}', 'Invalid JSON'],
])('a mistake %s is %j', async (mistake, text) => {
  expect((await answer(422, `{"detail":[${mistake}]}`)).message).toBe(text);
});

test.each(['<html>', '', 'null', '[]', '{"message":7}'])('an answer %j without a text gets one', async (body) => {
  const error = await answer(502, body);
  expect(typeof error.message === 'string' && error.message.length > 0).toBe(true);
});

test('Retry-After is read', async () => {
  expect((await answer(429, '{}', { 'Retry-After': '7' })).retryAfterSeconds).toBe(7);
  expect((await answer(429, '{}')).retryAfterSeconds).toBeNull();
});

test('what is temporary and what ends the login', () => {
  expect(isTemporary(new UnreachableError())).toBe(true);
  expect(isTemporary(new ApiError(503, {}))).toBe(true);
  expect(isTemporary(new ApiError(409, {}))).toBe(false);
  expect(isExpiredLogin(new ApiError(401, {}))).toBe(true);
  expect(isExpiredLogin(new ApiError(403, {}))).toBe(false);
  expect(isRefusedLogin(new ApiError(403, { error: 'csrf_token' }))).toBe(true);
  expect(isLackingScope(new ApiError(403, { error: 'insufficient_scope' }))).toBe(true);
});

test('a command without an answer, or with none of its upstream, may have been carried out', () => {
  expect([new UnreachableError(), new ApiError(504, {}), new ApiError(502, {})].map(isOpenOutcome)).toEqual([
    true,
    true,
    true,
  ]);
  expect([new ApiError(503, {}), new ApiError(409, {}), new ApiError(429, {})].map(isOpenOutcome)).toEqual([
    false,
    false,
    false,
  ]);
});
