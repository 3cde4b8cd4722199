import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { toneOf } from '../../lib/tone';
import type { Point } from './Sparkline';

const size = { width: 112, height: 34 };

const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Times, latencies, and what was not good at the upper edge. */
function dataOf(series: readonly Point[]): uPlot.AlignedData {
  const tones = series.map(({ outcome }) => toneOf(outcome));
  const answered = series.map(({ latency_ms }, i) => (['ok', 'warn'].includes(tones[i] ?? '') ? latency_ms : null));
  const top = Math.max(1, ...answered.map((ms) => ms ?? 0));
  const marked = (tone: string) => tones.map((each) => (each === tone ? top : null));
  return [series.map((point) => Date.parse(point.ts) / 1000), answered, marked('bad'), marked('warn')];
}

function options(): uPlot.Options {
  const marks = (name: string): uPlot.Series => ({
    paths: () => null,
    points: { show: true, size: 5, width: 0, fill: colour(name), stroke: colour(name) },
  });
  return {
    ...size,
    padding: [4, 3, 3, 3],
    cursor: { show: false },
    legend: { show: false },
    axes: [{ show: false }, { show: false }],
    scales: { x: { time: true }, y: { range: (_plot, _low, high) => [0, Math.max(1, high * 1.1)] } },
    series: [
      {},
      { stroke: colour('--accent'), width: 1.5, points: { show: false }, fill: colour('--accent-soft') },
      marks('--bad'),
      marks('--warn'),
    ],
  };
}

export default function SparklinePlot({ series }: { series: Point[] }) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const shown = useRef(series);
  useEffect(() => {
    shown.current = series;
    plot.current?.setData(dataOf(series));
  }, [series]);
  useEffect(() => {
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const draw = () => {
      plot.current?.destroy();
      if (place.current) plot.current = new uPlot(options(), dataOf(shown.current), place.current);
    };
    draw();
    addEventListener('themechange', draw);
    scheme.addEventListener('change', draw);
    return () => {
      removeEventListener('themechange', draw);
      scheme.removeEventListener('change', draw);
      plot.current?.destroy();
      plot.current = null;
    };
  }, []);
  return <div ref={place} aria-hidden="true" />;
}
