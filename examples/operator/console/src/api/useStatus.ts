import { useQuery } from '@tanstack/react-query';
import { api, dataOf } from './client';
import { polling } from './queries';
import { useRefresh } from './useSettings';

export function useStatus() {
  return useQuery({
    queryKey: ['status'],
    queryFn: ({ signal }) => dataOf(api.GET('/operator/api/status', { signal })),
    refetchInterval: polling(useRefresh()),
  });
}

export function useModules() {
  return useQuery({
    queryKey: ['modules'],
    queryFn: ({ signal }) => dataOf(api.GET('/operator/api/modules', { signal })),
    refetchInterval: polling(useRefresh(3)),
  });
}

export function useTopology() {
  return useQuery({
    queryKey: ['topology'],
    queryFn: ({ signal }) => dataOf(api.GET('/operator/api/topology', { signal })),
    refetchInterval: polling(useRefresh(3)),
  });
}

export function useLatency() {
  return useQuery({
    queryKey: ['latency'],
    queryFn: ({ signal }) => dataOf(api.GET('/operator/api/latency', { signal })),
    refetchInterval: polling(useRefresh()),
  });
}

export function useObjectives() {
  return useQuery({
    queryKey: ['slo'],
    queryFn: ({ signal }) => dataOf(api.GET('/operator/api/slo', { signal })),
    refetchInterval: polling(useRefresh(3)),
  });
}
