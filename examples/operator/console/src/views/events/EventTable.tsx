import { Fragment, memo, useState } from 'react';
import { textOf } from '../../api/errors';
import { useCommand } from '../../api/useCommand';
import { DataTable } from '../../components/DataTable';
import { Moment } from '../../components/Moment';
import { StatusBadge } from '../../components/StatusBadge';
import { type EventLog, type Gap, gapBelow, type SystemEvent } from '../../lib/eventLog';
import { useLive } from '../../live/Live';

const step = 100;

export function EventTable({ log, events }: { log: EventLog; events: SystemEvent[] }) {
  const [limit, setLimit] = useState(step);
  return (
    <>
      <DataTable caption="Events" head={['Time', 'Severity', 'Module', 'Event', 'Details']}>
        {events.slice(0, limit).map((event, index) => {
          const gap = gapBelow(log, event, events[index + 1]);
          return (
            <Fragment key={event.id}>
              <Row event={event} />
              {gap && <GapRow gap={gap} />}
            </Fragment>
          );
        })}
      </DataTable>
      {events.length > limit && (
        <button type="button" onClick={() => setLimit(limit + step)}>
          Show {Math.min(step, events.length - limit)} more
        </button>
      )}
    </>
  );
}

const Row = memo(function Row({ event }: { event: SystemEvent }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <tr>
        <td className="nowrap">
          <Moment at={event.at} />
        </td>
        <td>
          <StatusBadge status={event.severity} />
        </td>
        <td>{event.module}</td>
        <td className="wide">
          {event.summary || event.type} <span className="muted small mono">{event.type}</span>
        </td>
        <td className="right">
          <button
            type="button"
            className="small"
            aria-expanded={open}
            aria-label={`${open ? 'Less' : 'More'} about event ${event.id}`}
            onClick={() => setOpen(!open)}
          >
            {open ? 'Less' : 'More'}
          </button>
        </td>
      </tr>
      {open && <Details event={event} />}
    </>
  );
});

function Details({ event }: { event: SystemEvent }) {
  return (
    <tr>
      <td colSpan={5}>
        <dl className="facts">
          <dt>Id</dt>
          <dd>{event.id}</dd>
          <dt>Time</dt>
          <dd>{event.at}</dd>
          <dt>Correlation id</dt>
          <dd>
            <code>{event.correlationId || 'none'}</code>
          </dd>
        </dl>
        <pre className="json">{JSON.stringify(event.payload ?? {}, null, 2)}</pre>
      </td>
    </tr>
  );
}

function GapRow({ gap }: { gap: Gap }) {
  const { feed } = useLive();
  const load = useCommand({ mutationFn: () => feed.loadGap(gap) });
  const range = gap.until - gap.after === 2 ? `Event ${gap.after + 1}` : `Events ${gap.after + 1} to ${gap.until - 1}`;
  if (gap.lost) {
    return (
      <tr className="gap">
        <td colSpan={5}>{range}: no longer stored.</td>
      </tr>
    );
  }
  return (
    <tr className="gap">
      <td colSpan={5}>
        {range}: not sent after the connection was back. {load.isError && `${textOf(load.error)}. `}
        <button type="button" className="small" disabled={load.isPending} onClick={() => load.mutate()}>
          {load.isPending ? 'Loading…' : 'Load them'}
        </button>
      </td>
    </tr>
  );
}
