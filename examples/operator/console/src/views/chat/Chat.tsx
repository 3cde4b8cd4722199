import { useState } from 'react';
import { useSearchParams } from 'wouter';
import { ApiError } from '../../api/errors';
import { useTranscript } from '../../api/useSessions';
import { QueryView, Skeleton } from '../../components/QueryView';
import { ViewTitle } from '../../components/ViewTitle';
import { randomId } from '../../lib/id';
import { fromTranscript } from './chatState';
import { Conversation } from './Conversation';
import { Sessions } from './Sessions';

/** The address names the session, so that a reload and a link show the same chat. */
export default function Chat() {
  const [params, setParams] = useSearchParams();
  const session = params.get('session');
  const [shown, setShown] = useState({ session, key: 0, stored: session !== null });
  if (shown.session !== session) setShown({ session, key: shown.key + 1, stored: session !== null });

  const open = (id: string | null) => setParams(id ? { session: id } : {});
  const begin = () => {
    if (session) return session;
    const id = randomId('console-');
    setShown({ ...shown, session: id });
    setParams({ session: id }, { replace: true });
    return id;
  };
  return (
    <div className="chat-view">
      <ViewTitle title="Chat">
        <button type="button" onClick={() => open(null)}>
          New chat
        </button>
      </ViewTitle>
      <div className="chat-grid">
        {shown.stored && session ? (
          <Stored key={shown.key} id={session} begin={begin} />
        ) : (
          <Conversation key={shown.key} stored={[]} session={begin} />
        )}
        <Sessions current={session} open={open} />
      </div>
    </div>
  );
}

function Stored({ id, begin }: { id: string; begin: () => string }) {
  const transcript = useTranscript(id);
  if (transcript.data && transcript.isFetchedAfterMount) {
    return <Conversation key="stored" stored={fromTranscript(transcript.data)} session={begin} />;
  }
  if (isNotStored(transcript.error)) {
    const again = () => void transcript.refetch();
    return <Conversation stored={[]} session={begin} welcome={<NotStored again={again} busy={transcript.isFetching} />} />;
  }
  return (
    <section className="card conversation" aria-label="Conversation">
      {transcript.isError ? <QueryView query={transcript}>{() => null}</QueryView> : <Skeleton lines={6} />}
    </section>
  );
}

const isNotStored = (error: unknown) => error instanceof ApiError && error.status === 404;

/** A chat whose page was loaded anew before its first answer was complete, or one that was deleted. */
function NotStored({ again, busy }: { again: () => void; busy: boolean }) {
  return (
    <div className="empty">
      <p>Nothing of this chat is stored.</p>
      <p className="small">A question is stored with its answer, when that is complete.</p>
      <button type="button" onClick={again} disabled={busy}>
        {busy ? 'Looking…' : 'Look again'}
      </button>
    </div>
  );
}
