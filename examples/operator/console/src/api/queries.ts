import { QueryClient } from '@tanstack/react-query';
import { ApiError, isTemporary } from './errors';

const firstWaitMs = 2000;
const longestWaitMs = 15_000;

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

interface PolledState {
  error: Error | null;
  dataUpdatedAt: number;
  errorUpdateCount: number;
}

/** The wait after a failure: it grows with the time that has passed since the last success. */
export function waitAfterFailure({ dataUpdatedAt, errorUpdateCount }: PolledState, now: number): number {
  const wait = dataUpdatedAt > 0 ? (now - dataUpdatedAt) / 4 : firstWaitMs * 2 ** Math.min(errorUpdateCount - 1, 10);
  return Math.min(longestWaitMs, Math.max(firstWaitMs, wait));
}

/** The interval of polling: `everyMs`, and longer after failures. What is not permitted is not repeated. */
export function polling(everyMs: number) {
  return ({ state }: { state: PolledState }): number | false => {
    if (!state.error) return everyMs;
    if (state.error instanceof ApiError && [401, 403, 404].includes(state.error.status)) return false;
    return waitAfterFailure(state, Date.now());
  };
}
