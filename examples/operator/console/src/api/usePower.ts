import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, dataOf } from './client';
import { polling } from './queries';
import type { OpenWindow, Service, ServiceAction } from './types';
import { useRefresh } from './useSettings';

const windowKey = ['window'];
const changed = ['status', 'modules', 'topology', 'policies', 'audit'];

export function useWindow() {
  return useQuery({
    queryKey: windowKey,
    queryFn: ({ signal }) => dataOf(api.GET('/operator/api/chat/window/status', { signal })),
    refetchInterval: polling(useRefresh()),
  });
}

export function usePolicies() {
  return useQuery({
    queryKey: ['policies'],
    queryFn: ({ signal }) => dataOf(api.GET('/operator/api/power/policies', { signal })),
    refetchInterval: polling(useRefresh(6)),
  });
}

function useAfterCommand() {
  const client = useQueryClient();
  return () => Promise.all([...changed, 'window'].map((key) => client.invalidateQueries({ queryKey: [key] })));
}

export function useOpenWindow() {
  const after = useAfterCommand();
  return useMutation({
    mutationFn: (body: OpenWindow) => dataOf(api.POST('/operator/api/chat/window/open', { body })),
    onSettled: after,
  });
}

export function useCloseWindow() {
  const after = useAfterCommand();
  return useMutation({
    mutationFn: (window_id: string | null) =>
      dataOf(api.POST('/operator/api/chat/window/close', { body: { window_id } })),
    onSettled: after,
  });
}

export interface ServiceOrder {
  name: Service;
  action: ServiceAction;
  /** The phrase; without it the command is only planned. */
  confirm?: string;
}

export function useServiceCommand() {
  const after = useAfterCommand();
  return useMutation({
    mutationFn: ({ name, action, confirm }: ServiceOrder) => {
      const order = { params: { path: { name } }, body: confirm ? { apply: true, confirm } : { apply: false } };
      if (action === 'start') return dataOf(api.POST('/operator/api/service/{name}/start', order));
      if (action === 'stop') return dataOf(api.POST('/operator/api/service/{name}/stop', order));
      return dataOf(api.POST('/operator/api/service/{name}/restart', order));
    },
    onSettled: after,
  });
}
