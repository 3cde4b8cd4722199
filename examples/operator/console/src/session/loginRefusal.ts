import { ApiError, textOf } from '../api/errors';

/** Why a login failed, and what to do about it. */
export function loginRefusal(error: unknown): string {
  if (!(error instanceof ApiError)) return `${textOf(error)}.`;
  const { status, body } = error;
  if (body.error === 'cross_site') {
    return 'The backend does not accept logins from this address. Its setting server.origins has to name it.';
  }
  if (['invalid_token', 'forbidden'].includes(body.error ?? '')) return 'The gateway does not accept this token.';
  if (status === 401) return 'The login was not kept: the browser may refuse the backend’s cookie.';
  if (status === 429) return `Too many attempts. Try again in ${error.retryAfterSeconds ?? 60} seconds.`;
  if (body.module === 'tentaculo_link') return 'The gateway cannot be reached, so the token cannot be confirmed.';
  return error.message;
}
