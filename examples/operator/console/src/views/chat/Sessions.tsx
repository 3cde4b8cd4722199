import { useDeferredValue, useState } from 'react';
import { useDeleteSession, useSessions } from '../../api/useSessions';
import { textOf } from '../../api/errors';
import type { SessionSummary } from '../../api/types';
import { Age } from '../../components/Age';
import { ConfirmDialog } from '../../components/ConfirmDialog';
import { GuardedButton } from '../../components/GuardedButton';
import { useNotify } from '../../components/Notices';
import { Panel } from '../../components/Panel';
import { QueryView } from '../../components/QueryView';
import { useRefusal, useSession } from '../../session/Session';

interface Props {
  current: string | null;
  open: (id: string | null) => void;
}

export function Sessions({ current, open }: Props) {
  const [search, setSearch] = useState('');
  const sessions = useSessions(useDeferredValue(search.trim()));
  const [deleting, setDeleting] = useState<SessionSummary | null>(null);
  const all = sessions.data?.pages.flatMap((page) => page.sessions) ?? [];
  return (
    <Panel title="Sessions" className="sessions">
      <label htmlFor="session-search" className="visually-hidden">
        Search sessions
      </label>
      <input
        id="session-search"
        type="search"
        placeholder="Search"
        value={search}
        onChange={(event) => setSearch(event.target.value)}
      />
      <QueryView
        query={sessions}
        empty={{ when: () => all.length === 0, text: search ? 'No session matches.' : 'No chat is stored yet.' }}
      >
        {() => (
          <ul className="session-list">
            {all.map((session) => (
              <Row key={session.session_id} session={session} current={current} open={open} onDelete={setDeleting} />
            ))}
          </ul>
        )}
      </QueryView>
      {sessions.hasNextPage && (
        <button type="button" onClick={() => void sessions.fetchNextPage()} disabled={sessions.isFetchingNextPage}>
          Older sessions
        </button>
      )}
      {deleting && (
        <Deletion
          session={deleting}
          onClose={() => setDeleting(null)}
          onDeleted={(id) => id === current && open(null)}
        />
      )}
    </Panel>
  );
}

interface RowProps extends Props {
  session: SessionSummary;
  onDelete: (session: SessionSummary) => void;
}

function Row({ session, current, open, onDelete }: RowProps) {
  const me = useSession();
  const refusal = useRefusal('chat');
  const { session_id, title, message_count, updated_at, principal } = session;
  const isCurrent = session_id === current;
  return (
    <li className={isCurrent ? 'current' : ''}>
      <button
        type="button"
        className="plain session-open"
        aria-current={isCurrent || undefined}
        onClick={() => open(session_id)}
      >
        <span className="session-title">{title || session_id}</span>
        <span className="muted small">
          {message_count} messages · <Age at={updated_at} />
          {principal !== me.principal && ` · ${principal}`}
        </span>
      </button>
      <GuardedButton
        className="plain"
        refusal={principal === me.principal ? refusal : `Only ${principal} can delete it`}
        onClick={() => onDelete(session)}
        aria-label={`Delete ${title || session_id}`}
      >
        ×
      </GuardedButton>
    </li>
  );
}

interface DeletionProps {
  session: SessionSummary;
  onClose: () => void;
  onDeleted: (id: string) => void;
}

function Deletion({ session, onClose, onDeleted }: DeletionProps) {
  const notify = useNotify();
  const deletion = useDeleteSession();
  const confirm = () =>
    deletion.mutate(session.session_id, {
      onSuccess: () => {
        notify('ok', 'The session was deleted');
        onDeleted(session.session_id);
      },
      onError: (error) => notify('bad', `Not deleted: ${textOf(error)}`),
      onSettled: onClose,
    });
  return (
    <ConfirmDialog
      title="Delete this session?"
      action="Delete"
      busy={deletion.isPending}
      onConfirm={confirm}
      onClose={onClose}
    >
      <p>
        “{session.title || session.session_id}” with {session.message_count} messages is deleted here and at the
        gateway. This cannot be taken back.
      </p>
    </ConfirmDialog>
  );
}
