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

/** A place where events are missing: the store had discarded them before they could be sent. */
export interface Gap {
  after: number;
  until: number;
}

export interface EventLog {
  /** The newest first, without duplicates. */
  events: readonly SystemEvent[];
  gaps: readonly Gap[];
}

export const emptyLog: EventLog = { events: [], gaps: [] };

/** Adds events in any order; keeps the `limit` newest. */
export function merge(log: EventLog, added: readonly SystemEvent[], limit = 500): EventLog {
  if (added.length === 0) return log;
  const byId = new Map(log.events.map((event) => [event.id, event]));
  for (const event of added) byId.set(event.id, event);
  const events = [...byId.values()].sort((a, b) => b.id - a.id).slice(0, limit);
  const oldest = events.at(-1)?.id ?? 0;
  return { events, gaps: log.gaps.filter((gap) => gap.until >= oldest) };
}

/** Events between `after` and `until` are lost. */
export function withGap(log: EventLog, gap: Gap): EventLog {
  const known = log.gaps.some((other) => other.after === gap.after && other.until === gap.until);
  return known ? log : { ...log, gaps: [...log.gaps, gap] };
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
