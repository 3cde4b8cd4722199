import { ApiError, isOpenOutcome, textOf } from '../api/errors';
import { words } from '../lib/format';
import { serverClock } from '../lib/serverClock';
import { limits } from './limits';
import { StatusShape } from './StatusBadge';

interface Props {
  error: unknown;
  /** Of a question that changes nothing, such as a plan. */
  harmless?: boolean;
}

/** Why a command was refused or failed, and what to do about it. */
export function Refusal({ error, harmless = false }: Props) {
  if (!error) return null;
  const open = !harmless && isOpenOutcome(error);
  if (!(error instanceof ApiError)) {
    return (
      <Shown tone="bad" title={open ? 'The backend has not answered' : textOf(error)}>
        {open && <OpenOutcome />}
      </Shown>
    );
  }
  const { body, retryAfterSeconds } = error;
  const pending = error.status === 504;
  return (
    <Shown
      tone={error.offByPolicy || pending ? 'warn' : 'bad'}
      title={error.offByPolicy ? `Off by policy: ${error.message}` : error.message}
    >
      {open && <OpenOutcome />}
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

const OpenOutcome = () => (
  <p>The command may have been carried out. See the state and the audit before you repeat it.</p>
);

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
