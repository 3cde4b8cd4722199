import { ApiError, UnreachableError } from '../api/errors';
import type { FeedState } from '../live/eventFeed';

export interface Connection {
  status: string;
  label: string;
}

/**
 * Whether what is shown is live. Only what is known is claimed: a refusal of the status for want of
 * a scope, or for too many requests, says nothing about the system.
 */
export function connectionOf(stream: FeedState, error: Error | null, status: string | undefined): Connection {
  if (error instanceof UnreachableError) return { status: 'offline', label: 'Backend away' };
  if (error instanceof ApiError && error.status >= 500) return failureOf(error);
  if (stream === 'away') return { status: 'offline', label: 'Backend away' };
  if (error instanceof ApiError && error.status === 403) return { status: 'unknown', label: 'Status not permitted' };
  if (!status) return { status: 'unknown', label: error ? 'System not known' : 'Connecting' };
  return { status, label: `System ${status}` };
}

function failureOf({ body }: ApiError): Connection {
  if (body.module === 'tentaculo_link') return { status: 'offline', label: 'Gateway away' };
  return { status: 'offline', label: body.module ? `Backend: ${body.module} away` : 'Backend fails' };
}
