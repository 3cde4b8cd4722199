import { useState } from 'react';
import { Panel } from '../../components/Panel';
import { Skeleton } from '../../components/QueryView';
import { StatusBadge } from '../../components/StatusBadge';
import { ViewTitle } from '../../components/ViewTitle';
import { type EventFilter, type EventLog, matches } from '../../lib/eventLog';
import { useStore } from '../../lib/store';
import type { FeedState } from '../../live/eventFeed';
import { useLive } from '../../live/Live';
import { EventTable } from './EventTable';
import { FilterBar } from './FilterBar';

const everything: EventFilter = { severity: '', module: '', text: '' };

export default function Events() {
  const { feed } = useLive();
  const log = useStore(feed.log);
  const state = useStore(feed.state);
  const [filter, setFilter] = useState(everything);
  const [frozen, setFrozen] = useState<EventLog | null>(null);
  const shown = frozen ?? log;
  const waiting = frozen ? log.events.filter(({ id }) => id > (frozen.events[0]?.id ?? 0)).length : 0;
  const events = shown.events.filter((event) => matches(event, filter));
  return (
    <>
      <ViewTitle title="Events">
        <FeedBadge state={state} paused={frozen !== null} />
      </ViewTitle>
      <Panel
        title="What has happened"
        aside={<Pause paused={frozen !== null} waiting={waiting} onToggle={() => setFrozen(frozen ? null : log)} />}
      >
        <FilterBar filter={filter} modules={modulesOf(log)} onChange={setFilter} />
        <p className="visually-hidden" role="status">
          {events.length} events shown
        </p>
        {events.length > 0 ? (
          <EventTable log={shown} events={events} />
        ) : state === 'connecting' ? (
          <Skeleton lines={8} />
        ) : (
          <p className="empty">{log.events.length > 0 ? 'No event matches the filter.' : 'No events yet.'}</p>
        )}
        <Older />
      </Panel>
    </>
  );
}

const modulesOf = (log: EventLog) => [...new Set(log.events.map(({ module }) => module))].filter(Boolean).sort();

function FeedBadge({ state, paused }: { state: FeedState; paused: boolean }) {
  if (state === 'refused') return <StatusBadge status="refused" label="Your token lacks the scope status" />;
  if (state === 'away') return <StatusBadge status="offline" label="Backend away, trying again" />;
  if (paused) return <StatusBadge status="paused" tone="off" label="Paused" />;
  return state === 'live' ? (
    <StatusBadge status="ok" label="Live" />
  ) : (
    <StatusBadge status="unknown" label="Connecting" />
  );
}

function Pause({ paused, waiting, onToggle }: { paused: boolean; waiting: number; onToggle: () => void }) {
  return (
    <button type="button" onClick={onToggle}>
      {paused ? `Resume${waiting > 0 ? ` (${waiting} new)` : ''}` : 'Pause'}
    </button>
  );
}

function Older() {
  const { feed } = useLive();
  const hasOlder = useStore(feed.hasOlder);
  const [busy, setBusy] = useState(false);
  if (!hasOlder) return null;
  const load = () => {
    setBusy(true);
    void feed
      .loadOlder()
      .catch(() => undefined)
      .finally(() => setBusy(false));
  };
  return (
    <button type="button" onClick={load} disabled={busy}>
      {busy ? 'Loading…' : 'Older events'}
    </button>
  );
}
