import { api, dataOf } from '../api/client';
import { isLackingScope, isRefusedLogin } from '../api/errors';
import { emptyLog, type EventLog, merge, type SystemEvent, withGap } from '../lib/eventLog';
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
  private olderCursor: string | null = null;
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
    await this.loadPage({ limit: pageSize });
  }

  async loadOlder(): Promise<void> {
    if (this.olderCursor === null) return;
    this.limit += pageSize;
    await this.loadPage({ limit: pageSize, cursor: this.olderCursor });
  }

  private async loadPage(query: { limit: number; cursor?: string }): Promise<void> {
    const page = await dataOf(api.GET('/operator/api/events', { params: { query } }));
    this.add(page.events.map(readEvent).filter((event) => event !== null));
    this.olderCursor = page.next_cursor;
    this.hasOlder.set(page.next_cursor !== null);
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
    if (gap) this.log.set(withGap(this.log.get(), gap));
    const fresh = events.filter((event) => event.id > this.lastId);
    this.add(events);
    if (fresh.length > 0) this.onEvents(fresh);
  }

  private add(events: SystemEvent[]): void {
    this.log.set(merge(this.log.get(), events, this.limit));
    this.lastId = Math.max(this.lastId, this.log.get().events[0]?.id ?? 0);
  }
}
