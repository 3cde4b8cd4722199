import { createContext, type ReactNode, useContext } from 'react';
import type { Me } from '../api/types';

const SessionContext = createContext<Me | null>(null);

export function SessionProvider({ me, children }: { me: Me; children: ReactNode }) {
  return <SessionContext value={me}>{children}</SessionContext>;
}

export function useSession(): Me {
  const me = useContext(SessionContext);
  if (!me) throw new Error('useSession is only for views behind the login');
  return me;
}

/** Why the caller may not use what needs a scope; `undefined`: it may be used. */
export function useScopeRefusal(scope: Me['scopes'][number]): string | undefined {
  const { scopes } = useSession();
  const admitted = scopes.includes(scope) || scopes.includes('admin');
  return admitted ? undefined : `Your token lacks the scope ${scope}`;
}

/** The same of what changes something, which the read-only mode forbids as well. */
export function useRefusal(scope: Me['scopes'][number]): string | undefined {
  const lacking = useScopeRefusal(scope);
  return useSession().read_only ? 'This console is read-only' : lacking;
}
