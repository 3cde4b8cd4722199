import { moment, shortSpan, shownTimes } from '../lib/format';
import { useStore } from '../lib/store';
import { useNow } from '../lib/useNow';

/** How old something is, by the server's clock. The exact time is its title. */
export function Age({ at, prefix = '' }: { at: string | number | null | undefined; prefix?: string }) {
  const now = useNow();
  const times = useStore(shownTimes);
  if (at === null || at === undefined) return <span className="muted">never</span>;
  const then = typeof at === 'number' ? at : Date.parse(at);
  if (Number.isNaN(then)) return <span className="muted">{String(at)}</span>;
  const iso = new Date(then).toISOString();
  return (
    <time dateTime={iso} title={moment(iso, now, times)} className="muted numeric">
      {prefix}
      {shortSpan(now - then)} ago
    </time>
  );
}
