import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { api, dataOf } from '../api/client';
import { useCommand } from '../api/useCommand';
import { loginRefusal } from './loginRefusal';
import { meKey, readMe } from './useMe';

export function Login({ expired }: { expired: boolean }) {
  const client = useQueryClient();
  const field = useRef<HTMLInputElement>(null);
  const [token, setToken] = useState('');
  const login = useCommand({
    mutationKey: ['login'],
    // Not as variables: a mutation keeps those, and nothing is to keep the token.
    mutationFn: async () => {
      await dataOf(api.POST('/operator/api/auth/login', { body: { token: field.current?.value.trim() ?? '' } }));
      return readMe();
    },
    gcTime: 0,
    onSuccess: (me) => {
      client.removeQueries({ predicate: (query) => query.queryKey[0] !== meKey[0] });
      client.setQueryData(meKey, me);
    },
    onError: () => field.current?.select(),
  });
  useEffect(() => field.current?.focus(), []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    login.mutate();
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
          autoComplete="off"
          spellCheck={false}
          required
          value={token}
          onChange={(event) => setToken(event.target.value)}
          aria-describedby="login-note"
          aria-invalid={login.isError}
        />
        <p role="alert" className="form-error">
          {login.isError ? loginRefusal(login.error) : ''}
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
