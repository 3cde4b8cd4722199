/**
 * The server's time, from the Date headers of its answers. A browser's clock may be wrong, and
 * deadlines are the server's.
 *
 * A Date header has whole seconds: an answer that is sent at time t and received at r with the date
 * d says that the offset lies between d - r and d + 1 s - t. Each answer narrows the interval. One
 * that contradicts it, as after the browser's clock has been set or the computer has slept, starts
 * anew.
 */
export class ServerClock {
  private low = -Infinity;
  private high = Infinity;

  observe(date: string | null, sentAt: number, receivedAt: number): void {
    const seconds = date === null ? NaN : Date.parse(date);
    if (Number.isNaN(seconds)) return;
    const low = seconds - receivedAt;
    const high = seconds + 1000 - sentAt;
    const consistent = low <= this.high && high >= this.low;
    this.low = consistent ? Math.max(low, this.low) : low;
    this.high = consistent ? Math.min(high, this.high) : high;
  }

  /** Milliseconds to add to the browser's time; 0 before the first answer. */
  get offset(): number {
    return Number.isFinite(this.low) ? (this.low + this.high) / 2 : 0;
  }

  now(): number {
    return Date.now() + this.offset;
  }
}

export const serverClock = new ServerClock();
