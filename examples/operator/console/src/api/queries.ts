import { QueryClient } from '@tanstack/react-query';
import { ApiError, isTemporary } from './errors';

const longestWaitMs = 30_000;

/**
 * Queries keep their last data while the backend is away, and are repeated until it is back.
 * `networkMode: always`: the backend may run on this machine, for which `navigator.onLine` says
 * nothing. TanStack Query pauses retries in hidden tabs and continues with the focus.
 */
export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        networkMode: 'always',
        retry: (failures, error) => failures < 1 && isTemporary(error),
        retryDelay: 500,
        refetchOnWindowFocus: 'always',
        refetchOnReconnect: 'always',
        staleTime: 2000,
        gcTime: Infinity,
      },
      mutations: { networkMode: 'always', retry: false },
    },
  });
}

/** The interval of polling: `everyMs`, and longer after failures. */
export function polling(everyMs: number) {
  return (query: { state: { error: Error | null; errorUpdateCount: number; fetchFailureCount: number } }) => {
    const { error } = query.state;
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return false as const;
    if (!error) return everyMs;
    return Math.min(longestWaitMs, Math.max(everyMs, 2000));
  };
}
