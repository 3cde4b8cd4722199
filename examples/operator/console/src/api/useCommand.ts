import { useMutation, type UseMutationOptions, type UseMutationResult } from '@tanstack/react-query';
import { useCallback, useRef } from 'react';

/**
 * A mutation that is begun once at a time: further calls while it runs do nothing. `isPending` says
 * so only after the next rendering, and both clicks of a double click come before it.
 */
export function useCommand<Data, Variables = void>({
  mutationFn,
  ...options
}: Omit<UseMutationOptions<Data, Error, Variables>, 'mutationFn'> & {
  mutationFn: (variables: Variables) => Promise<Data>;
}): UseMutationResult<Data, Error, Variables> {
  const running = useRef(false);
  const mutation = useMutation<Data, Error, Variables>({
    ...options,
    mutationFn: async (variables) => {
      try {
        return await mutationFn(variables);
      } finally {
        running.current = false;
      }
    },
  });
  const begin = mutation.mutate;
  const mutate = useCallback<typeof begin>(
    (...order) => {
      if (running.current) return;
      running.current = true;
      begin(...order);
    },
    [begin],
  );
  return { ...mutation, mutate };
}
