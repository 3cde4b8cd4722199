import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ApiError, textOf } from '../api/errors';
import { serverClock } from '../lib/serverClock';
import { Age } from './Age';
import { StatusShape } from './StatusBadge';

interface Props<T> {
  query: UseQueryResult<T>;
  children: (data: T) => ReactNode;
  /** Shown in place of data that has nothing in it. */
  empty?: { when: (data: T) => boolean; text: string };
  lines?: number;
  /** A panel whose usual height the skeleton takes, so that nothing moves when the data comes. */
  room?: Room;
}

type Room = 'topology' | 'components' | 'services' | 'window';

/** Skeleton, error, empty state or data. The last data stays, with its age, while it cannot be renewed. */
export function QueryView<T>({ query, children, empty, lines, room }: Props<T>) {
  if (query.data === undefined) {
    return query.isError ? <Failure query={query} /> : <Skeleton lines={lines} room={room} />;
  }
  return (
    <>
      {query.isError && <Stale query={query} />}
      {empty?.when(query.data) ? <p className="empty">{empty.text}</p> : children(query.data)}
    </>
  );
}

function Failure({ query }: { query: UseQueryResult<unknown> }) {
  const action = query.error instanceof ApiError ? query.error.recommendedAction : undefined;
  return (
    <div className="failure" role="alert">
      <p>
        <StatusShape tone="bad" /> {textOf(query.error)}.{action && ` ${action}`}
      </p>
      <button type="button" onClick={() => void query.refetch()} disabled={query.isFetching}>
        {query.isFetching ? 'Trying…' : 'Try again'}
      </button>
    </div>
  );
}

function Stale({ query }: { query: UseQueryResult<unknown> }) {
  return (
    <p className="stale" role="status">
      <StatusShape tone="warn" /> {textOf(query.error)}. Last data <Age at={query.dataUpdatedAt + serverClock.offset} />
      ; trying again.
    </p>
  );
}

export function Skeleton({ lines = 3, room }: { lines?: number | undefined; room?: Room | undefined }) {
  return (
    <div className={`skeleton ${room ? `room-${room}` : ''}`} role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, i) => (
        <span key={i} />
      ))}
    </div>
  );
}
