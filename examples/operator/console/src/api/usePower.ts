import { useQuery, useQueryClient } from '@tanstack/react-query';
import { api, dataOf } from './client';
import { ApiError } from './errors';
import { polling } from './queries';
import type { OpenWindow, Service, ServiceAction } from './types';
import { useCommand } from './useCommand';
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

/** Not a promise: a mutation would have its result only when everything was asked for again. */
function useAfterCommand() {
  const client = useQueryClient();
  return () => {
    for (const key of [...changed, 'window']) void client.invalidateQueries({ queryKey: [key] });
  };
}

/** The answer has the window that is in the way. */
const isWindowConflict = (error: unknown): error is ApiError =>
  error instanceof ApiError && error.status === 409 && typeof error.body.window === 'object';

export function useOpenWindow() {
  const client = useQueryClient();
  const after = useAfterCommand();
  return useCommand({
    mutationFn: (body: OpenWindow) => dataOf(api.POST('/operator/api/chat/window/open', { body })),
    onSuccess: (window) => client.setQueryData(windowKey, window),
    onError: (error) => {
      if (isWindowConflict(error)) client.setQueryData(windowKey, error.body.window);
    },
    onSettled: after,
  });
}

export function useCloseWindow() {
  const after = useAfterCommand();
  return useCommand({
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
  return useCommand({
    mutationFn: ({ name, action, confirm }: ServiceOrder) => {
      const order = { params: { path: { name } }, body: confirm ? { apply: true, confirm } : { apply: false } };
      if (action === 'start') return dataOf(api.POST('/operator/api/service/{name}/start', order));
      if (action === 'stop') return dataOf(api.POST('/operator/api/service/{name}/stop', order));
      return dataOf(api.POST('/operator/api/service/{name}/restart', order));
    },
    onSettled: after,
  });
}
