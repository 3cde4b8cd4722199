import type { Topology } from '../../api/types';

type Node = Topology['nodes'][number];

export interface Box {
  node: Node;
  x: number;
  y: number;
}

export interface Layout {
  width: number;
  height: number;
  boxes: Box[];
}

export const box = { width: 154, height: 40 };

/** Operator, gateway, core and optional stand behind one another, as requests pass them. */
function rank(role: string): number {
  if (role === 'operator') return 0;
  if (role === 'gateway') return 1;
  return role === 'optional' ? 3 : 2;
}

function ranks(nodes: readonly Node[]): Node[][] {
  const all: Node[][] = [[], [], [], []];
  for (const node of nodes) all[rank(node.role)]?.push(node);
  return all.filter((list) => list.length > 0);
}

/** Cuts long ranks, so that none has more than `limit` nodes. */
function cut(list: Node[][], limit: number): Node[][] {
  return list.flatMap((nodes) => {
    const parts = Math.ceil(nodes.length / limit);
    const each = Math.ceil(nodes.length / parts);
    return Array.from({ length: parts }, (_, i) => nodes.slice(i * each, (i + 1) * each));
  });
}

/** Ranks are columns, or rows on narrow screens. */
export function layOut(nodes: readonly Node[], narrow: boolean): Layout {
  const list = cut(ranks(nodes), narrow ? 2 : 8);
  const longest = Math.max(1, ...list.map((rank) => rank.length));
  const [stepX, stepY] = narrow ? [box.width + 30, box.height + 34] : [box.width + 62, box.height + 12];
  const [columns, rows] = narrow ? [longest, list.length] : [list.length, longest];
  const width = columns * stepX - (stepX - box.width);
  const height = rows * stepY - (stepY - box.height);
  const boxes = list.flatMap((rank, i) =>
    rank.map((node, j) => {
      const shift = (longest - rank.length) / 2;
      const [column, row] = narrow ? [j + shift, i] : [i, j + shift];
      return { node, x: column * stepX, y: row * stepY };
    }),
  );
  return { width, height, boxes };
}

/** A curve between two boxes, from the facing sides; around what stands between boxes of one column. */
export function edgePath(from: Box, to: Box, narrow: boolean): string {
  const sameRank = narrow ? from.y === to.y : from.x === to.x;
  if (sameRank && !narrow) return bowPath(from, to);
  if (narrow && !sameRank) {
    const down = to.y > from.y;
    const [x1, y1] = [from.x + box.width / 2, from.y + (down ? box.height : 0)];
    const [x2, y2] = [to.x + box.width / 2, to.y + (down ? 0 : box.height)];
    return `M${x1} ${y1}C${x1} ${(y1 + y2) / 2} ${x2} ${(y1 + y2) / 2} ${x2} ${y2}`;
  }
  const right = to.x > from.x;
  const [x1, y1] = [from.x + (right ? box.width : 0), from.y + box.height / 2];
  const [x2, y2] = [to.x + (right ? 0 : box.width), to.y + box.height / 2];
  return `M${x1} ${y1}C${(x1 + x2) / 2} ${y1} ${(x1 + x2) / 2} ${y2} ${x2} ${y2}`;
}

/** From the right side of one box to that of another in the same column. */
function bowPath(from: Box, to: Box): string {
  const x = from.x + box.width;
  const [y1, y2] = [from.y + box.height / 2, to.y + box.height / 2];
  return `M${x} ${y1}C${x + 36} ${y1} ${x + 36} ${y2} ${x} ${y2}`;
}
