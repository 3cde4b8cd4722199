import type { LatencySeries } from '../../api/types';
import { ErrorBoundary } from '../../components/ErrorBoundary';
import { partView } from '../../components/partView';
import { latency } from '../../lib/format';
import { toneOf } from '../../lib/tone';

export type Series = LatencySeries['series'][number];
export type Point = Series['points'][number];

// The chart library is not part of the first view's script.
const SparklinePlot = partView<{ series: Point[]; text: string }>(() => import('./SparklinePlot'), {
  loading: null,
  failed: ({ text }) => <InWords text={text} />,
  needed: false,
});

const InWords = ({ text }: { text: string }) => <span className="muted small">{text}</span>;

/** What the chart shows, for those who do not see it. */
export function summary({ upstream, source, points }: Series): string {
  const failed = points.filter(({ outcome }) => toneOf(outcome) === 'bad').length;
  const known = points
    .filter(({ outcome }) => ['ok', 'warn'].includes(toneOf(outcome)))
    .map((point) => point.latency_ms)
    .sort((a, b) => a - b);
  const median = latency(known[Math.floor(known.length / 2)]);
  const outcome = failed === 0 ? 'none failed' : `${failed} of ${points.length} failed`;
  return `${source === 'chat' ? 'Chats' : 'Checks'} of ${upstream}: median ${median}, ${outcome}`;
}

export function Sparkline({ series }: { series: Series }) {
  const text = summary(series);
  return (
    <div className="sparkline" role="img" aria-label={text} title={text}>
      <ErrorBoundary fallback={<InWords text={text} />}>
        <SparklinePlot series={series.points} text={text} />
      </ErrorBoundary>
    </div>
  );
}
