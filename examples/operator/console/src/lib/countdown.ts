/** What is left of a window. `null`: it is held open, without a deadline. */
export function remainingMs(deadline: string | null | undefined, now: number): number | null {
  if (!deadline) return null;
  const end = Date.parse(deadline);
  return Number.isNaN(end) ? null : Math.max(0, end - now);
}

/** The part of the granted time that is left, between 0 and 1. */
export function remainingShare(leftMs: number | null, grantedSeconds: number | null | undefined): number {
  if (leftMs === null || !grantedSeconds || grantedSeconds <= 0) return 1;
  return Math.min(1, leftMs / (grantedSeconds * 1000));
}

/** Time until the shown text changes: the next whole second of what is left. */
export function untilNextTick(leftMs: number): number {
  const part = leftMs % 1000;
  return part === 0 ? 1000 : part;
}

/** The minutes at which a screen reader announces the time left: 10, 5, 1, and the end. */
export function announcement(leftMs: number, previousMs: number): number | null {
  const crossed = [600_000, 300_000, 60_000, 0].find((mark) => leftMs <= mark && previousMs > mark);
  return crossed ?? null;
}
