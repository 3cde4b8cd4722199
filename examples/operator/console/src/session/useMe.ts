import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect } from 'react';
import { api, dataOf } from '../api/client';
import { setCsrfToken } from '../api/csrf';
import { isExpiredLogin, isRefusedLogin } from '../api/errors';

export const meKey = ['me'] as const;

/** Who is logged in; fails with 401 if it is no one. */
export async function readMe(signal?: AbortSignal) {
  const me = await dataOf(api.GET('/operator/api/me', signal ? { signal } : {}));
  setCsrfToken(me.csrf_token ?? '');
  return me;
}

/** Who is logged in; `null`: no one. Polled, so that a login that ends shows without a click. */
export function useMe() {
  return useQuery({
    queryKey: meKey,
    queryFn: async ({ signal }) => {
      try {
        return await readMe(signal);
      } catch (error) {
        if (!isExpiredLogin(error)) throw error;
        setCsrfToken('');
        return null;
      }
    },
    refetchInterval: (query) => (query.state.data === null ? false : query.state.error ? 3000 : 60_000),
  });
}

/** Any answer 401 ends the session in the console; the login stands in its place. */
export function useExpiry(): void {
  const client = useQueryClient();
  const expire = useCallback(() => client.setQueryData(meKey, null), [client]);
  useEffect(() => {
    const queries = client.getQueryCache().subscribe((event) => {
      if (event.type === 'updated' && event.action.type === 'error' && isExpiredLogin(event.action.error)) expire();
    });
    const mutations = client.getMutationCache().subscribe((event) => {
      if (event.type !== 'updated' || event.mutation.options.mutationKey?.[0] === 'login') return;
      const { error } = event.mutation.state;
      if (isExpiredLogin(error)) expire();
      else if (isRefusedLogin(error)) void client.refetchQueries({ queryKey: meKey });
    });
    return () => {
      queries();
      mutations();
    };
  }, [client, expire]);
}
