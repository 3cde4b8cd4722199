import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { api } from '../api/client';
import { EventFeed } from './eventFeed';

vi.mock('../api/client', () => ({
  api: { GET: vi.fn(), POST: vi.fn() },
  dataOf: async (answer: Promise<{ data: unknown }>) => (await answer).data,
}));

const wire = (id: number) => ({ id, type: 'login', created_at: '2026-01-01T00:00:00Z', severity: 'info' });
const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => wire(first + i));

let stored: { first: number; last: number };
let source: FakeSource;

class FakeSource {
  onmessage: (message: { data: string }) => void = () => undefined;

  constructor(readonly url: string) {
    // eslint-disable-next-line @typescript-eslint/no-this-alias
    source = this;
  }

  close(): void {}

  send(first: number, last: number): void {
    stored.last = Math.max(stored.last, last);
    this.onmessage({ data: JSON.stringify({ type: 'events', events: range(first, last) }) });
  }

  gap(after: number, before: number): void {
    this.onmessage({ data: JSON.stringify({ type: 'gap', events: [], after, before }) });
  }
}

/** A page as the backend answers: the newest events before the cursor. */
function page(_path: string, { params }: { params: { query: { limit: number; cursor?: string } } }) {
  const newest = Math.min(stored.last, Number(params.query.cursor ?? Infinity) - 1);
  const oldest = Math.max(stored.first, newest - params.query.limit + 1);
  const events = newest < stored.first ? [] : range(oldest, newest).reverse();
  return Promise.resolve({ data: { events, next_cursor: oldest > stored.first ? String(oldest) : null } });
}

beforeEach(() => {
  source = new FakeSource('');
  vi.mocked(api.GET as (...args: Parameters<typeof page>) => unknown).mockImplementation(page);
  vi.mocked(api.POST as () => unknown).mockReturnValue(Promise.resolve({ data: { sse_token: 't' } }));
  vi.stubGlobal('EventSource', FakeSource);
  vi.stubGlobal('addEventListener', () => undefined);
  vi.stubGlobal('document', { addEventListener: () => undefined });
});
afterEach(() => vi.unstubAllGlobals());

/** A feed of a store with the events 1 to `last`, of which it has the newest 100. */
async function feedOf(last: number) {
  stored = { first: 1, last };
  const seen: number[] = [];
  const feed = new EventFeed(
    () => undefined,
    (events) => seen.push(...events.map(({ id }) => id)),
  );
  await vi.waitFor(() => expect(source.url).toContain(`last_event_id=${last}`));
  return { feed, seen };
}

const ids = (feed: EventFeed) => feed.log.get().events.map(({ id }) => id);

const loadGap = (feed: EventFeed) => Promise.all(feed.log.get().gaps.map((gap) => feed.loadGap(gap)));

/** Places between two events without a marked gap. */
const holes = (feed: EventFeed) =>
  ids(feed).filter((id, i, all) => {
    const older = all[i + 1];
    if (older === undefined || older === id - 1) return false;
    return !feed.log.get().gaps.some((gap) => gap.until <= id && gap.after >= older);
  });

test('older events begin below the oldest that is kept', async () => {
  const { feed } = await feedOf(150);
  source.send(151, 850);
  expect(ids(feed)).toHaveLength(500);
  expect(feed.hasOlder.get()).toBe(true);
  await feed.loadOlder();
  expect(ids(feed).at(-1)).toBe(251);
  expect(holes(feed)).toEqual([]);
});

test('what leaves the log can be loaded again, even if all was there', async () => {
  const { feed } = await feedOf(90);
  expect(feed.hasOlder.get()).toBe(false);
  source.send(91, 800);
  expect(feed.hasOlder.get()).toBe(true);
});

test('a gap that leaves the log because more was sent than it keeps leaves no hole', async () => {
  const { feed } = await feedOf(100);
  source.gap(100, 501);
  source.send(501, 1500);
  await feed.loadOlder();
  expect(ids(feed)).toHaveLength(600);
  expect(holes(feed)).toEqual([]);
});

test('a gap is loaded in pieces', async () => {
  const { feed } = await feedOf(100);
  source.gap(100, 251);
  source.send(251, 300);
  expect(feed.log.get().gaps).toEqual([{ after: 100, until: 251 }]);
  await loadGap(feed);
  expect(feed.log.get().gaps).toEqual([{ after: 100, until: 151 }]);
  await loadGap(feed);
  expect(feed.log.get().gaps).toEqual([]);
  expect(ids(feed)).toHaveLength(300);
  expect(holes(feed)).toEqual([]);
});

test('a gap of which nothing is stored says so', async () => {
  const { feed } = await feedOf(100);
  source.gap(100, 251);
  source.send(251, 300);
  stored.first = 251;
  await loadGap(feed);
  expect(feed.log.get().gaps).toEqual([{ after: 100, until: 251, lost: true }]);
});

test('after the database was replaced everything is new', async () => {
  const { feed, seen } = await feedOf(5000);
  stored = { first: 1, last: 3 };
  source.gap(5000, 1);
  source.send(1, 3);
  expect(ids(feed)).toEqual([3, 2, 1]);
  expect(seen).toEqual([1, 2, 3]);
  source.send(4, 4);
  expect(seen).toEqual([1, 2, 3, 4]);
});
