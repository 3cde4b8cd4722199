import { afterEach, expect, test, vi } from 'vitest';

vi.stubGlobal('location', { origin: 'http://backend' });
const { api, dataOf } = await import('./client');
const { ApiError, UnreachableError } = await import('./errors');

const answerWith = (answer: () => Promise<Response>) => vi.stubGlobal('fetch', vi.fn(answer));
const remove = () => api.DELETE('/operator/api/sessions/{id}', { params: { path: { id: 's' } } });

afterEach(() => vi.unstubAllGlobals());

// openapi-fetch has no error of its own for an answer without a body.
test.each([{}, { 'Content-Length': '0' }])('a failure without a body fails, with %j', async (headers) => {
  answerWith(() => Promise.resolve(new Response(null, { status: 503, headers })));
  const failure = await remove().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ApiError);
  expect((failure as InstanceType<typeof ApiError>).status).toBe(503);
  await expect(dataOf(api.GET('/operator/api/status'))).rejects.toBeInstanceOf(ApiError);
});

test('a success without a body is one', async () => {
  answerWith(() => Promise.resolve(new Response(null, { status: 204 })));
  await expect(remove()).resolves.toMatchObject({ data: undefined });
});

test('without an answer the backend cannot be reached', async () => {
  answerWith(() => Promise.reject(new TypeError('failed')));
  await expect(remove()).rejects.toBeInstanceOf(UnreachableError);
});
