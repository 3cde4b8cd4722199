import { StatusBadge } from '../components/StatusBadge';
import { useStatus } from '../api/useStatus';
import { ApiError } from '../api/errors';
import { useLive } from '../live/Live';
import { useStore } from '../lib/store';

/** Whether what is shown is live: the backend's streams, and the gateway behind it. */
export function ConnectionState() {
  const { feed } = useLive();
  const stream = useStore(feed.state);
  const status = useStatus();
  const shown = stateOf(stream, status.error, status.data?.status);
  return (
    <span role="status" aria-label="Connection" className="connection">
      <StatusBadge status={shown.status} label={shown.label} />
    </span>
  );
}

function stateOf(stream: string, error: Error | null, status: string | undefined) {
  if (error instanceof ApiError && error.status >= 500) return { status: 'offline', label: 'Gateway away' };
  if (error || stream === 'away') return { status: 'offline', label: 'Backend away' };
  if (!status) return { status: 'unknown', label: 'Connecting' };
  if (status === 'ok') return { status: 'ok', label: 'System ok' };
  return { status, label: `System ${status}` };
}
