/** Exponential waits with full jitter above half, so that many consoles do not return at once. */
export class Backoff {
  private failures = 0;

  constructor(
    private readonly firstMs = 1000,
    private readonly longestMs = 30_000,
    private readonly random: () => number = Math.random,
  ) {}

  /** The wait after one more failure. */
  next(): number {
    const wait = Math.min(this.longestMs, this.firstMs * 2 ** this.failures);
    this.failures = Math.min(this.failures + 1, 30);
    return wait / 2 + (wait / 2) * this.random();
  }

  reset(): void {
    this.failures = 0;
  }
}
