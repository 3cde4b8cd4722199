import { useQuery, useQueryClient } from '@tanstack/react-query';
import { api, dataOf } from './client';
import { polling } from './queries';
import { useCommand } from './useCommand';
import { useRefresh } from './useSettings';

export function useBreakers() {
  return useQuery({
    queryKey: ['breakers'],
    queryFn: ({ signal }) => dataOf(api.GET('/operator/api/breakers', { signal })),
    refetchInterval: polling(useRefresh()),
  });
}

export type BreakerAction = 'isolate' | 'reset';

export function useBreakerAction() {
  const client = useQueryClient();
  return useCommand({
    mutationFn: ({ name, action }: { name: string; action: BreakerAction }) => {
      const params = { params: { path: { name } } };
      return action === 'isolate'
        ? dataOf(api.POST('/operator/api/breakers/{name}/isolate', params))
        : dataOf(api.POST('/operator/api/breakers/{name}/reset', params));
    },
    onSettled: () => {
      for (const key of ['breakers', 'audit']) void client.invalidateQueries({ queryKey: [key] });
    },
  });
}
