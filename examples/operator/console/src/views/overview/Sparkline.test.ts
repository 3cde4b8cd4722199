import { expect, test } from 'vitest';
import { summary } from './Sparkline';

const point = (latency_ms: number, outcome: string) => ({ ts: '2026-01-01T00:00:00Z', latency_ms, outcome });

test('the median is that of answers, failures are counted', () => {
  const points = [point(9000, 'timeout'), point(3, 'answered'), point(5, 'answered'), point(4, 'answered')];
  expect(summary({ upstream: 'switch', source: 'chat', points })).toBe('Chats of switch: median 4 ms, 1 of 4 failed');
});

test('without an answer there is no median', () => {
  const points = [point(2000, 'unreachable'), point(0, 'asleep')];
  expect(summary({ upstream: 'redis', source: 'status', points })).toBe('Checks of redis: median –, 1 of 2 failed');
});
