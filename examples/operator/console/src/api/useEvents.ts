import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import type { EventFilter } from '../lib/eventLog';
import { readEvent } from '../live/eventWire';
import { api, dataOf } from './client';

const pageSize = 100;

/** The stored events of a severity or a module, the newest first; idle without either. */
export function useStoredEvents({ severity, module }: Pick<EventFilter, 'severity' | 'module'>) {
  return useInfiniteQuery({
    queryKey: ['events', severity, module],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam, signal }) => {
      const query = {
        limit: pageSize,
        ...(severity ? { severity } : {}),
        ...(module ? { module } : {}),
        ...(pageParam ? { cursor: pageParam } : {}),
      };
      const page = await dataOf(api.GET('/operator/api/events', { params: { query }, signal }));
      return { events: page.events.map(readEvent).filter((event) => event !== null), next: page.next_cursor };
    },
    getNextPageParam: ({ next }) => next,
    enabled: severity !== '' || module !== '',
    placeholderData: keepPreviousData,
  });
}
