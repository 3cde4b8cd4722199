import { Backoff } from '../lib/backoff';

/**
 * Calls `connect` after waits that grow, and at once when the tab is looked at again or the network
 * is back.
 */
export class Reconnect {
  private readonly backoff: Backoff;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly connect: () => void,
    backoff = new Backoff(500, 15_000),
  ) {
    this.backoff = backoff;
    addEventListener('online', this.now);
    document.addEventListener('visibilitychange', this.ifVisible);
    addEventListener('focus', this.now);
  }

  /** The connection has failed or ended. */
  later(): void {
    this.cancel();
    this.timer = setTimeout(this.fire, this.backoff.next());
  }

  succeeded(): void {
    this.cancel();
    this.backoff.reset();
  }

  stop(): void {
    this.cancel();
    removeEventListener('online', this.now);
    document.removeEventListener('visibilitychange', this.ifVisible);
    removeEventListener('focus', this.now);
  }

  /** Does nothing unless a wait is in progress. */
  private readonly now = (): void => {
    if (this.timer !== null) this.fire();
  };

  private readonly ifVisible = (): void => {
    if (document.visibilityState === 'visible') this.now();
  };

  private readonly fire = (): void => {
    this.cancel();
    this.connect();
  };

  private cancel(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }
}
