import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { api, dataOf } from './client';
import { polling } from './queries';
import { useRefresh } from './useSettings';

export function useAudit() {
  return useInfiniteQuery({
    queryKey: ['audit'],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      dataOf(
        api.GET('/operator/api/audit', {
          params: { query: { limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor,
    // Not every entry has an event.
    refetchInterval: polling(useRefresh(3)),
    placeholderData: keepPreviousData,
  });
}

const ofPower = { action: 'power.,service.', limit: 50 };

/** The last commands for power, for "who did it". */
export function usePowerAudit() {
  return useQuery({
    queryKey: ['audit', 'power'],
    queryFn: ({ signal }) => dataOf(api.GET('/operator/api/audit', { params: { query: ofPower }, signal })),
    refetchInterval: polling(useRefresh(3)),
  });
}
