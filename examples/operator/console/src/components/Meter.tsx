import type { Tone } from '../lib/tone';

/** A share between 0 and 1. Its text stands beside it. */
export function Meter({ share, tone, label }: { share: number; tone?: Tone; label: string }) {
  const width = Math.round(Math.min(1, Math.max(0, share)) * 1000) / 10;
  return (
    <div className={`meter ${tone ? `tone-${tone}` : ''}`} role="img" aria-label={label}>
      <svg preserveAspectRatio="none" viewBox="0 0 100 6" aria-hidden="true">
        <rect width={width} height="6" />
      </svg>
    </div>
  );
}
