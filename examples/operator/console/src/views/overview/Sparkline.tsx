import { lazy, Suspense } from 'react';
import type { LatencySeries } from '../../api/types';
import { latency } from '../../lib/format';

export type Point = LatencySeries['series'][string][number];

// The chart library is not part of the first view's script.
const SparklinePlot = lazy(() => import('./SparklinePlot'));

/** What the chart shows, for those who do not see it. */
export function summary(name: string, series: readonly Point[]): string {
  const known = series.map((point) => point.latency_ms).filter((ms) => ms !== null).sort((a, b) => a - b);
  const failed = series.filter((point) => point.outcome === 'failed').length;
  const median = known[Math.floor(known.length / 2)];
  const outcome = failed === 0 ? 'none failed' : `${failed} of ${series.length} failed`;
  return `Latency of ${name}: median ${latency(median)}, ${outcome}`;
}

export function Sparkline({ name, series }: { name: string; series: Point[] }) {
  const text = summary(name, series);
  return (
    <div className="sparkline" role="img" aria-label={text} title={text}>
      <Suspense fallback={null}>
        <SparklinePlot series={series} />
      </Suspense>
    </div>
  );
}
