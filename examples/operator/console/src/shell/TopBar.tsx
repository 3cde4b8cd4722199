import { api } from '../api/client';
import { useCommand } from '../api/useCommand';
import { textOf } from '../api/errors';
import { useNotify } from '../components/Notices';
import { useSession } from '../session/Session';
import { ConnectionState } from './ConnectionState';
import { ThemeButton } from './ThemeButton';

export function TopBar() {
  const me = useSession();
  return (
    <header className="topbar">
      <span className="brand">
        <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
          <rect width="32" height="32" rx="7" />
          <path d="M7 9l5 14 5-14M19 9l6 14M25 9l-6 14" />
        </svg>
        <span className="brand-name">VX11 Operator</span>
      </span>
      <ConnectionState />
      {me.read_only && <span className="chip">Read-only</span>}
      <span className="spacer" />
      <span className="principal" title={`Scopes: ${me.scopes.join(', ') || 'none'}`}>
        {me.principal}
      </span>
      <ThemeButton />
      <LogoutButton />
    </header>
  );
}

function LogoutButton() {
  const notify = useNotify();
  const logout = useCommand({
    mutationFn: () => api.POST('/operator/api/auth/logout'),
    // A new page: nothing that was shown stays in memory.
    onSuccess: () => location.assign('/operator/ui/'),
    onError: (error) => notify('bad', `Not logged out: ${textOf(error)}`),
  });
  return (
    <button type="button" onClick={() => logout.mutate()} disabled={logout.isPending}>
      Log out
    </button>
  );
}
