import createClient, { type Middleware } from 'openapi-fetch';
import { serverClock } from '../lib/serverClock';
import { csrfHeaders } from './csrf';
import { errorOf, UnreachableError } from './errors';
import type { paths } from './schema';

const limitMs = 65_000; // Commands of madre take up to 60 s.

/** `fetch` that learns the server's time, and whose failures are `UnreachableError`. */
async function timedFetch(request: Request): Promise<Response> {
  const sentAt = Date.now();
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(limitMs)]);
  try {
    const response = await fetch(request, { signal });
    serverClock.observe(response.headers.get('Date'), sentAt, Date.now());
    return response;
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw new UnreachableError();
  }
}

const csrf: Middleware = {
  onRequest({ request }) {
    if (request.method === 'GET') return undefined;
    for (const [name, value] of Object.entries(csrfHeaders())) request.headers.set(name, value);
    return request;
  },
};

const failures: Middleware = {
  async onResponse({ response }) {
    if (!response.ok) throw await errorOf(response);
  },
};

export const api = createClient<paths, 'application/json'>({ baseUrl: location.origin, fetch: timedFetch });
api.use(csrf, failures);

/** The data of an answer. Failures have been thrown as `ApiError` or `UnreachableError`. */
export async function dataOf<T>(answer: Promise<{ data?: T }>): Promise<T> {
  const { data } = await answer;
  if (data === undefined) throw new UnreachableError();
  return data;
}
