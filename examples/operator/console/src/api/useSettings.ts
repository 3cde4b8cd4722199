import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, dataOf } from './client';
import type { UserSettings } from './types';

const key = ['settings'];

export function useSettings() {
  return useQuery({
    queryKey: key,
    queryFn: ({ signal }) => dataOf(api.GET('/operator/api/settings', { signal })),
    staleTime: 60_000,
  });
}

export function useChangeSettings() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (settings: UserSettings) => dataOf(api.POST('/operator/api/settings', { body: { settings } })),
    onSuccess: (answer) => client.setQueryData(key, answer),
  });
}

/** How often to ask, in milliseconds: the setting, times a factor for what changes rarely. */
export function useRefresh(factor = 1): number {
  return (useSettings().data?.settings.refresh_sec ?? 5) * factor * 1000;
}
