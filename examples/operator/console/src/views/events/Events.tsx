import { useState } from 'react';
import { useStoredEvents } from '../../api/useEvents';
import { Panel } from '../../components/Panel';
import { Skeleton } from '../../components/QueryView';
import { StatusBadge } from '../../components/StatusBadge';
import { ViewTitle } from '../../components/ViewTitle';
import { type EventFilter, type EventLog, matches, merge, paused, type SystemEvent } from '../../lib/eventLog';
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
  const stored = useStoredEvents(filter);
  const isStored = filter.severity !== '' || filter.module !== '';
  const live = frozen ? paused(frozen, log) : log;
  const shown = isStored ? withStored(live, stored.data?.pages.flatMap(({ events }) => events) ?? [], frozen) : live;
  const waiting = frozen ? log.events.filter(({ id }) => id > (frozen.events[0]?.id ?? 0)).length : 0;
  const events = shown.events.filter((event) => matches(event, filter));
  const loaded = isStored ? shown.events.filter((event) => matches(event, { ...filter, text: '' })) : shown.events;
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
        <p className={filter.text ? 'muted small' : 'visually-hidden'} role="status">
          {events.length} events shown
          {filter.text && ` of the last ${loaded.length}. The text is searched for in what is loaded.`}
        </p>
        {events.length > 0 ? (
          <EventTable log={shown} events={events} />
        ) : state === 'connecting' || (isStored && stored.isPending) ? (
          <Skeleton lines={8} />
        ) : (
          <p className="empty">{log.events.length > 0 ? 'No event matches the filter.' : 'No events yet.'}</p>
        )}
        {isStored ? (
          <OlderButton
            hidden={!stored.hasNextPage}
            busy={stored.isFetchingNextPage}
            load={() => void stored.fetchNextPage()}
          />
        ) : (
          <Older />
        )}
      </Panel>
    </>
  );
}

/** Gaps are closed by what was asked of the store. */
function withStored(log: EventLog, stored: SystemEvent[], frozen: EventLog | null): EventLog {
  const newest = frozen ? (frozen.events[0]?.id ?? 0) : Infinity;
  const admitted = stored.filter(({ id }) => id <= newest);
  return { events: merge(log, admitted, Infinity).events, gaps: [] };
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
  const load = () => {
    setBusy(true);
    void feed
      .loadOlder()
      .catch(() => undefined)
      .finally(() => setBusy(false));
  };
  return <OlderButton hidden={!hasOlder} busy={busy} load={load} />;
}

function OlderButton({ hidden, busy, load }: { hidden: boolean; busy: boolean; load: () => void }) {
  if (hidden) return null;
  return (
    <button type="button" onClick={load} disabled={busy}>
      {busy ? 'Loading…' : 'Older events'}
    </button>
  );
}
