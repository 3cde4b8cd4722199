export type Severity = 'critical' | 'error' | 'warn' | 'info';

export interface SystemEvent {
  id: number;
  type: string;
  at: string;
  severity: Severity;
  module: string;
  summary: string;
  correlationId: string;
  payload: unknown;
}

/** Events between two ids that were not sent, as after a long break. They may be stored still. */
export interface Gap {
  after: number;
  until: number;
  /** The store has none of them any more. */
  lost?: boolean;
}

export interface EventLog {
  /** The newest first, without duplicates. */
  events: readonly SystemEvent[];
  gaps: readonly Gap[];
}

export const emptyLog: EventLog = { events: [], gaps: [] };

/** Adds events in any order; keeps the `limit` newest, and the gaps between them. */
export function merge(log: EventLog, added: readonly SystemEvent[], limit = 500): EventLog {
  if (added.length === 0) return log;
  const byId = new Map(log.events.map((event) => [event.id, event]));
  for (const event of added) byId.set(event.id, event);
  const events = [...byId.values()].sort((a, b) => b.id - a.id).slice(0, limit);
  const oldest = events.at(-1)?.id ?? 0;
  return { events, gaps: log.gaps.filter((gap) => gap.after >= oldest) };
}

/** Events between `after` and `until` are missing. */
export function withGap(log: EventLog, gap: Gap): EventLog {
  const known = log.gaps.some((other) => other.after === gap.after && other.until === gap.until);
  return known ? log : { ...log, gaps: [...log.gaps, gap] };
}

/**
 * After the newest events of a gap were asked for: what of it is left.
 * \param oldest the lowest id of the answer, or `null` if it was empty
 */
export function withoutGap(log: EventLog, gap: Gap, oldest: number | null): EventLog {
  const others = log.gaps.filter((other) => other !== gap);
  if (oldest === null || oldest >= gap.until) return { ...log, gaps: [...others, { ...gap, lost: true }] };
  const rest = { after: gap.after, until: oldest };
  return { ...log, gaps: oldest > gap.after + 1 ? [...others, rest] : others };
}

/** What a paused list shows: what it had, and older events that are loaded in the meantime. */
export function paused(frozen: EventLog, log: EventLog): EventLog {
  const newest = frozen.events[0]?.id ?? 0;
  const older = log.events.filter(({ id }) => id <= newest);
  const gaps = log.gaps.filter((gap) => gap.until <= newest);
  return { ...merge(frozen, older, Infinity), gaps };
}

export interface EventFilter {
  severity: Severity | '';
  module: string;
  text: string;
}

export function matches(event: SystemEvent, filter: EventFilter): boolean {
  if (filter.severity && event.severity !== filter.severity) return false;
  if (filter.module && event.module !== filter.module) return false;
  const text = filter.text.trim().toLowerCase();
  return !text || `${event.type} ${event.summary} ${event.correlationId}`.toLowerCase().includes(text);
}

/** The gap that lies directly below an event in the list, if any. */
export function gapBelow(log: EventLog, event: SystemEvent, older: SystemEvent | undefined): Gap | undefined {
  return log.gaps.find((gap) => event.id >= gap.until && (!older || older.id <= gap.after));
}
