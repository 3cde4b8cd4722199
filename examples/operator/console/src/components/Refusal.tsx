import { ApiError, textOf } from '../api/errors';
import { words } from '../lib/format';
import { serverClock } from '../lib/serverClock';
import { limits } from './limits';
import { StatusShape } from './StatusBadge';

/** Why a command was refused or failed, and what to do about it. */
export function Refusal({ error }: { error: unknown }) {
  if (!error) return null;
  if (!(error instanceof ApiError)) return <Shown tone="bad" title={textOf(error)} />;
  const { body, retryAfterSeconds } = error;
  const pending = error.status === 504;
  return (
    <Shown
      tone={error.offByPolicy || pending ? 'warn' : 'bad'}
      title={error.offByPolicy ? `Off by policy: ${error.message}` : error.message}
    >
      {body.reason && <p>Reason: {words(body.reason)}.</p>}
      {limits(body, serverClock.now()).map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
      {error.recommendedAction && <p>{error.recommendedAction}</p>}
      {retryAfterSeconds !== null && <p>Try again in {retryAfterSeconds} seconds.</p>}
      {error.correlationId && (
        <p className="muted small">
          Correlation id <code>{error.correlationId}</code>
        </p>
      )}
    </Shown>
  );
}

function Shown({ tone, title, children }: { tone: 'warn' | 'bad'; title: string; children?: React.ReactNode }) {
  return (
    <div className={`alert tone-${tone}`} role="alert">
      <p>
        <StatusShape tone={tone} /> <strong>{title}</strong>
      </p>
      {children}
    </div>
  );
}
