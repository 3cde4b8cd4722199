import { useState } from 'react';
import { api } from '../../api/client';
import { useCommand } from '../../api/useCommand';
import { ConfirmDialog } from '../../components/ConfirmDialog';
import { Moment } from '../../components/Moment';
import { Panel } from '../../components/Panel';
import { Refusal } from '../../components/Refusal';
import { shortSpan } from '../../lib/format';
import { useNow } from '../../lib/useNow';
import { useSession } from '../../session/Session';

export function LoginPanel() {
  const me = useSession();
  const now = useNow(10_000);
  const [asking, setAsking] = useState(false);
  const logout = useCommand({
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
        <dd>{me.read_only ? 'read-only' : 'what the scopes allow'}</dd>
      </dl>
      <p>
        <button type="button" className="danger" onClick={() => setAsking(true)}>
          Log out everywhere
        </button>
      </p>
      {asking && (
        <ConfirmDialog
          title="Log out everywhere?"
          action="Log out everywhere"
          busy={logout.isPending}
          onConfirm={() => logout.mutate()}
          onClose={() => setAsking(false)}
        >
          <p>Every login of {me.principal} ends, in all browsers, this one too.</p>
          <Refusal error={logout.error} />
        </ConfirmDialog>
      )}
      <p className="muted small">
        <a href="/operator/docs/">API documentation</a> · <a href="/operator/ui/licenses.txt">Licences</a>
      </p>
    </Panel>
  );
}
