import { StatusShape } from '../../components/StatusBadge';
import { latency, words } from '../../lib/format';
import { toneOf } from '../../lib/tone';
import type { Provenance as Source } from './chatState';

/** Which upstream answered, why not another one, and what was tried. */
export function Provenance({ of }: { of: Source }) {
  const fallback = of.source.endsWith('_fallback');
  const name = of.source.replace(/_fallback$/, '');
  const facts = [of.provider, of.model, of.latencyMs === undefined ? undefined : latency(of.latencyMs)];
  return (
    <div className="provenance small">
      {name && (
        <span className={`tone-${fallback ? 'warn' : 'ok'}`}>
          <StatusShape tone={fallback ? 'warn' : 'ok'} />{' '}
          {fallback ? `Fallback: ${name} answered` : `Answered by ${name}`}
          {of.reason && <span className="muted"> because of {words(of.reason)}</span>}
        </span>
      )}
      <span className="muted">{facts.filter(Boolean).join(' · ')}</span>
      {of.attempts.length > 0 && (
        <details>
          <summary>
            {of.attempts.length} {of.attempts.length === 1 ? 'attempt' : 'attempts'}
          </summary>
          <ol className="attempts">
            {of.attempts.map((attempt, index) => (
              <li key={index}>
                <StatusShape tone={toneOf(attempt.outcome)} /> {attempt.name}: {words(attempt.outcome)},{' '}
                {latency(attempt.elapsed_ms)}
              </li>
            ))}
          </ol>
        </details>
      )}
    </div>
  );
}
