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

/** Why a control is disabled; `undefined`: it is not. */
export function useRefusal(scope: string): string | undefined {
  const me = useSession();
  if (me.read_only) return 'This console is read-only';
  return me.scopes.includes(scope) ? undefined : `Your token lacks the scope ${scope}`;
}
