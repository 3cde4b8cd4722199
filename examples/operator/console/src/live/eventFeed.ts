import { api, dataOf } from '../api/client';
import { isLackingScope, isRefusedLogin } from '../api/errors';
import { emptyLog, type EventLog, type Gap, merge, type SystemEvent, withGap, withoutGap } from '../lib/eventLog';
import { Store } from '../lib/store';
import { readEvent, readMessage } from './eventWire';
import { Reconnect } from './reconnect';

const pageSize = 100;

/** `refused`: the token lacks the scope. */
export type FeedState = 'connecting' | 'live' | 'away' | 'refused';

/**
 * The events, live. An EventSource ends for good after an answer other than 200, and its token opens
 * one stream: each connection gets a new token, and resumes after the last event that it has seen.
 */
export class EventFeed {
  readonly log = new Store<EventLog>(emptyLog);
  readonly state = new Store<FeedState>('connecting');
  /** Whether the store has older events than the log. */
  readonly hasOlder = new Store(false);

  private source: EventSource | null = null;
  private lastId = 0;
  private limit = 500;
  private stopped = false;
  private readonly reconnect = new Reconnect(() => void this.open());

  constructor(
    private readonly onRefused: () => void,
    private readonly onEvents: (events: SystemEvent[]) => void,
  ) {
    void this.open();
  }

  stop(): void {
    this.stopped = true;
    this.reconnect.stop();
    this.source?.close();
  }

  private async open(): Promise<void> {
    this.source?.close();
    try {
      if (this.lastId === 0) await this.loadNewest();
      const { sse_token } = await dataOf(api.POST('/operator/api/events/sse-token'));
      if (!this.stopped) this.listen(sse_token);
    } catch (error) {
      if (isLackingScope(error)) return this.state.set('refused');
      this.lost();
      if (isRefusedLogin(error)) this.onRefused();
    }
  }

  private async loadNewest(): Promise<void> {
    this.hasOlder.set(await this.loadPage({ limit: pageSize }));
  }

  /** From the oldest event that is kept: what left the log in the meantime is loaded again. */
  async loadOlder(): Promise<void> {
    const oldest = this.log.get().events.at(-1)?.id;
    if (oldest === undefined) return;
    this.limit += pageSize;
    this.hasOlder.set(await this.loadPage({ limit: pageSize, cursor: String(oldest) }));
  }

  /** Loads the newest of the events that a gap stands for. */
  async loadGap(gap: Gap): Promise<void> {
    this.limit += pageSize;
    const page = await this.page({ limit: pageSize, cursor: String(gap.until) });
    if (!this.log.get().gaps.includes(gap)) return; // It left the log in the meantime.
    const missed = page.events.filter(({ id }) => id > gap.after);
    const crossed = missed.length < page.events.length;
    this.add(missed);
    const oldest = missed.at(-1)?.id ?? null;
    this.log.set(withoutGap(this.log.get(), gap, crossed && oldest !== null ? gap.after : oldest));
  }

  /** \return whether the store has older events than those of the page */
  private async loadPage(query: { limit: number; cursor?: string }): Promise<boolean> {
    const { events, hasMore } = await this.page(query);
    this.add(events);
    return hasMore;
  }

  private async page(query: { limit: number; cursor?: string }) {
    const page = await dataOf(api.GET('/operator/api/events', { params: { query } }));
    const events = page.events.map(readEvent).filter((event) => event !== null);
    return { events, hasMore: page.next_cursor !== null };
  }

  private listen(token: string): void {
    const query = new URLSearchParams({ token });
    if (this.lastId > 0) query.set('last_event_id', String(this.lastId));
    const source = new EventSource(`/operator/api/events/stream?${query}`);
    this.source = source;
    source.onopen = () => {
      this.reconnect.succeeded();
      this.state.set('live');
    };
    source.onmessage = (message: MessageEvent<string>) => this.receive(message.data);
    source.onerror = () => {
      source.close();
      this.lost();
    };
  }

  private lost(): void {
    if (this.stopped) return;
    this.state.set('away');
    this.reconnect.later();
  }

  private receive(data: string): void {
    const { events, gap } = readMessage(data);
    if (gap) this.missed(gap);
    const fresh = events.filter((event) => event.id > this.lastId);
    this.add(events);
    if (fresh.length > 0) this.onEvents(fresh);
  }

  /** A gap that begins before the last event is that of a database which was replaced: all ids are new. */
  private missed(gap: Gap): void {
    if (gap.until > this.lastId) return this.log.set(withGap(this.log.get(), gap));
    this.log.set(emptyLog);
    this.lastId = gap.until - 1;
    this.hasOlder.set(gap.until > 1);
  }

  private add(events: SystemEvent[]): void {
    const before = this.log.get();
    const log = merge(before, events, this.limit);
    const known = new Set(log.events.map(({ id }) => id));
    if ([...before.events, ...events].some(({ id }) => !known.has(id))) this.hasOlder.set(true);
    this.log.set(log);
    this.lastId = Math.max(this.lastId, this.log.get().events[0]?.id ?? 0);
  }
}
