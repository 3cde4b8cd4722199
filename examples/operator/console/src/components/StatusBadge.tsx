import { words } from '../lib/format';
import { type Tone, toneOf } from '../lib/tone';

const shapes: Record<Tone, React.ReactNode> = {
  ok: <circle cx="6" cy="6" r="5" />,
  warn: <path d="M6 .8 11.6 11H.4z" />,
  bad: <path d="M3.6.6h4.8l3 3v4.8l-3 3H3.6l-3-3V3.6z" />,
  off: <path d="M1.2 5h9.6v2H1.2z" />,
  unknown: (
    <circle cx="6" cy="6" r="4.2" fill="none" stroke="currentColor" strokeWidth="1.6" strokeDasharray="2.4 1.8" />
  ),
};

export function StatusShape({ tone }: { tone: Tone }) {
  return (
    <svg
      className={`shape tone-${tone}`}
      viewBox="0 0 12 12"
      width="12"
      height="12"
      aria-hidden="true"
      fill="currentColor"
    >
      {shapes[tone]}
    </svg>
  );
}

/** A status by colour, shape and word. */
export function StatusBadge({
  status,
  tone = toneOf(status),
  label = words(status),
}: {
  status: string;
  tone?: Tone;
  label?: string;
}) {
  return (
    <span className={`badge tone-${tone}`}>
      <StatusShape tone={tone} />
      {label}
    </span>
  );
}
