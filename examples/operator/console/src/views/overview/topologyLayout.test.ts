import { expect, test } from 'vitest';
import { box, edgePath, layOut } from './topologyLayout';

const node = (id: string, role: string) => ({ id, label: id, status: 'UP' as const, port: null, role });
const system = [
  node('operator', 'operator'),
  node('link', 'gateway'),
  node('madre', 'core'),
  node('redis', 'store'),
  ...Array.from({ length: 8 }, (_, i) => node(`m${i}`, 'optional')),
];

test.each([true, false])('no two boxes overlap and all lie inside (narrow: %s)', (narrow) => {
  const { boxes, width, height } = layOut(system, narrow);
  expect(boxes).toHaveLength(system.length);
  for (const [i, a] of boxes.entries()) {
    expect(a.x).toBeGreaterThanOrEqual(0);
    expect(a.x + box.width).toBeLessThanOrEqual(width);
    expect(a.y + box.height).toBeLessThanOrEqual(height);
    for (const b of boxes.slice(i + 1)) {
      expect(Math.abs(a.x - b.x) >= box.width || Math.abs(a.y - b.y) >= box.height).toBe(true);
    }
  }
});

test('requests pass from left to right', () => {
  const at = (id: string) => layOut(system, false).boxes.find((each) => each.node.id === id)?.x ?? NaN;
  expect(at('operator')).toBeLessThan(at('link'));
  expect(at('link')).toBeLessThan(at('madre'));
  expect(at('madre')).toBe(at('redis'));
  expect(at('madre')).toBeLessThan(at('m0'));
});

test('an empty system has a layout', () => {
  expect(layOut([], false).boxes).toEqual([]);
});

test('an edge starts and ends at facing sides', () => {
  const from = { node: node('a', 'gateway'), x: 0, y: 0 };
  const right = { node: node('b', 'core'), x: 300, y: 0 };
  expect(edgePath(from, right, false)).toMatch(new RegExp(`^M${box.width} 20C.* 300 20$`));
});

test('an edge within a column passes beside the boxes between its ends', () => {
  const from = { node: node('madre', 'core'), x: 300, y: 0 };
  const to = { node: node('switch', 'core'), x: 300, y: 104 };
  const side = 300 + box.width;
  expect(edgePath(from, to, false)).toBe(`M${side} 20C${side + 36} 20 ${side + 36} 124 ${side} 124`);
});
