import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, dataOf } from './client';
import { useCommand } from './useCommand';

export function useSessions(search: string) {
  return useInfiniteQuery({
    queryKey: ['sessions', search],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => {
      const query = { limit: 30, ...(search ? { q: search } : {}), ...(pageParam ? { cursor: pageParam } : {}) };
      return dataOf(api.GET('/operator/api/sessions', { params: { query }, signal }));
    },
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
  });
}

export function useTranscript(id: string | null) {
  return useQuery({
    queryKey: ['session', id],
    queryFn: ({ signal }) =>
      dataOf(api.GET('/operator/api/sessions/{id}', { params: { path: { id: id ?? '' } }, signal })),
    enabled: id !== null,
    staleTime: 0,
    refetchOnMount: 'always',
    refetchOnWindowFocus: false,
  });
}

export function useDeleteSession() {
  const client = useQueryClient();
  return useCommand({
    mutationFn: (id: string) => api.DELETE('/operator/api/sessions/{id}', { params: { path: { id } } }),
    onSettled: () => void client.invalidateQueries({ queryKey: ['sessions'] }),
  });
}
