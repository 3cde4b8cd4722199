import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { api, dataOf } from '../api/client';
import { ApiError, textOf } from '../api/errors';
import { meKey } from './useMe';

function refusal(error: unknown): string {
  if (!(error instanceof ApiError)) return textOf(error);
  if (error.status === 401 || error.status === 403) return 'The gateway does not accept this token.';
  if (error.status === 429) {
    return `Too many attempts. Try again in ${error.retryAfterSeconds ?? 60} seconds.`;
  }
  if (error.status === 503) return 'The gateway cannot be reached, so the token cannot be confirmed.';
  return error.message;
}

export function Login({ expired }: { expired: boolean }) {
  const client = useQueryClient();
  const field = useRef<HTMLInputElement>(null);
  const [token, setToken] = useState('');
  const login = useMutation({
    mutationKey: ['login'],
    mutationFn: (entered: string) => dataOf(api.POST('/operator/api/auth/login', { body: { token: entered } })),
    onSuccess: () => {
      client.removeQueries({ predicate: (query) => query.queryKey[0] !== meKey[0] });
      return client.refetchQueries({ queryKey: meKey });
    },
    onError: () => field.current?.select(),
  });
  useEffect(() => field.current?.focus(), []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    login.mutate(token.trim());
  };
  return (
    <main className="login">
      <form onSubmit={submit} className="card login-card" aria-labelledby="login-title">
        <h1 id="login-title">VX11 Operator</h1>
        <p className="muted">
          {expired ? 'Your login has ended. Log in to continue where you were.' : 'Log in with a token of the gateway.'}
        </p>
        <label htmlFor="token">Token</label>
        <input
          id="token"
          ref={field}
          type="password"
          autoComplete="current-password"
          spellCheck={false}
          required
          value={token}
          onChange={(event) => setToken(event.target.value)}
          aria-describedby="login-note"
          aria-invalid={login.isError}
        />
        <p role="alert" className="form-error">
          {login.isError ? refusal(login.error) : ''}
        </p>
        <button type="submit" className="primary" disabled={login.isPending || token.trim() === ''}>
          {login.isPending ? 'Logging in…' : 'Log in'}
        </button>
        <p id="login-note" className="muted small">
          The token is exchanged for a session of this browser and is not kept here.
        </p>
      </form>
    </main>
  );
}
