import { StatusBadge } from '../components/StatusBadge';
import { useStatus } from '../api/useStatus';
import { connectionOf } from '../lib/connection';
import { useLive } from '../live/Live';
import { useStore } from '../lib/store';

/** Whether what is shown is live: the backend's streams, and the gateway behind it. */
export function ConnectionState() {
  const { feed } = useLive();
  const stream = useStore(feed.state);
  const status = useStatus();
  const shown = connectionOf(stream, status.error, status.data?.status);
  return (
    <span role="status" aria-label="Connection" className="connection">
      <StatusBadge status={shown.status} label={shown.label} />
    </span>
  );
}
