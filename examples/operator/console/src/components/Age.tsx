import { moment, shortSpan } from '../lib/format';
import { useNow } from '../lib/useNow';

/** How old something is, by the server's clock. The exact time is its title. */
export function Age({ at, prefix = '' }: { at: string | number | null | undefined; prefix?: string }) {
  const now = useNow();
  if (at === null || at === undefined) return <span className="muted">never</span>;
  const then = typeof at === 'number' ? at : Date.parse(at);
  if (Number.isNaN(then)) return <span className="muted">{String(at)}</span>;
  const iso = new Date(then).toISOString();
  return (
    <time dateTime={iso} title={moment(iso, now)} className="muted numeric">
      {prefix}
      {shortSpan(now - then)} ago
    </time>
  );
}
