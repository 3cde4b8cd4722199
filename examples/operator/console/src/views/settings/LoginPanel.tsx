import { useMutation } from '@tanstack/react-query';
import { api } from '../../api/client';
import { Moment } from '../../components/Moment';
import { Panel } from '../../components/Panel';
import { Refusal } from '../../components/Refusal';
import { shortSpan } from '../../lib/format';
import { useNow } from '../../lib/useNow';
import { useSession } from '../../session/Session';

export function LoginPanel() {
  const me = useSession();
  const now = useNow(10_000);
  const logout = useMutation({
    mutationFn: () => api.POST('/operator/api/auth/logout', { body: { all: true } }),
    onSuccess: () => location.assign('/operator/ui/'),
  });
  return (
    <Panel title="Login" className="span-6">
      <dl className="facts">
        <dt>Principal</dt>
        <dd>{me.principal}</dd>
        <dt>Scopes</dt>
        <dd className="chips">
          {me.scopes.map((scope) => (
            <span key={scope} className="chip">
              {scope}
            </span>
          ))}
        </dd>
        <dt>Ends</dt>
        <dd>
          {me.expires_at ? (
            <>
              <Moment at={me.expires_at} />, in {shortSpan(Date.parse(me.expires_at) - now)}
            </>
          ) : (
            'not known'
          )}
        </dd>
        <dt>Mode</dt>
        <dd>{me.read_only ? 'read-only' : 'read and write'}</dd>
      </dl>
      <Refusal error={logout.error} />
      <p>
        <button type="button" className="danger" disabled={logout.isPending} onClick={() => logout.mutate()}>
          Log out everywhere
        </button>
      </p>
      <p className="muted small">
        <a href="/operator/docs/">API documentation</a> · <a href="/operator/ui/licenses.txt">Licences</a>
      </p>
    </Panel>
  );
}
