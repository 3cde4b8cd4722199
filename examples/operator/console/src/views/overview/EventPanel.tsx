import { Link } from 'wouter';
import { Age } from '../../components/Age';
import { Panel } from '../../components/Panel';
import { Skeleton } from '../../components/QueryView';
import { StatusShape } from '../../components/StatusBadge';
import { useStore } from '../../lib/store';
import { toneOf } from '../../lib/tone';
import { useLive } from '../../live/Live';

const shown = 12;

export function EventPanel() {
  const { feed } = useLive();
  const { events } = useStore(feed.log);
  const state = useStore(feed.state);
  return (
    <Panel title="Last events" aside={<Link href="/events">All events</Link>}>
      {events.length > 0 && state === 'away' && (
        <p className="stale" role="status">
          <StatusShape tone="warn" /> Events may be missing here until the backend is back.
        </p>
      )}
      {events.length > 0 && (
        <ol className="event-list">
          {events.slice(0, shown).map((event) => (
            <li key={event.id}>
              <StatusShape tone={toneOf(event.severity)} />
              <span>
                <span className="visually-hidden">{event.severity}: </span>
                {event.summary || event.type}
                <span className="small muted block">
                  {event.module} · <Age at={event.at} />
                </span>
              </span>
            </li>
          ))}
        </ol>
      )}
      {events.length === 0 && <Nothing state={state} />}
    </Panel>
  );
}

function Nothing({ state }: { state: string }) {
  if (state === 'connecting') return <Skeleton lines={4} />;
  return <p className="empty">{state === 'live' ? 'Nothing has happened yet.' : 'The events cannot be read now.'}</p>;
}
