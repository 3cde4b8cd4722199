import type { Gap, Severity, SystemEvent } from '../lib/eventLog';

type Fields = Record<string, unknown>;

const severities: readonly string[] = ['critical', 'error', 'warn', 'info'];
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const textAt = (fields: Fields, ...names: string[]): string => {
  const found = names.map((name) => fields[name]).find((value) => typeof value === 'string');
  return typeof found === 'string' ? found : '';
};

/** An event as the backend lists and streams it; `null` if it is none. */
export function readEvent(value: unknown): SystemEvent | null {
  if (!isFields(value)) return null;
  const id = Number(value.id ?? value.event_id);
  if (!Number.isSafeInteger(id) || id <= 0) return null;
  const severity = textAt(value, 'severity');
  return {
    id,
    type: textAt(value, 'type', 'event_type'),
    at: textAt(value, 'created_at', 'ts'),
    severity: severities.includes(severity) ? (severity as Severity) : 'info',
    module: textAt(value, 'module'),
    summary: textAt(value, 'summary'),
    correlationId: textAt(value, 'correlation_id'),
    payload: value.payload,
  };
}

export interface StreamData {
  events: SystemEvent[];
  gap: Gap | null;
}

/** The data of one message of the stream. A `gap` says which events are left out. */
export function readMessage(data: string): StreamData {
  const nothing = { events: [], gap: null };
  try {
    const value: unknown = JSON.parse(data);
    if (!isFields(value)) return nothing;
    const listed = Array.isArray(value.events) ? value.events : [];
    const events = listed.map(readEvent).filter((event) => event !== null);
    return { events, gap: value.type === 'gap' ? readGap(value) : null };
  } catch {
    return nothing;
  }
}

function readGap(fields: Fields): Gap | null {
  const [after, until] = [Number(fields.after), Number(fields.before)];
  return Number.isSafeInteger(after) && Number.isSafeInteger(until) ? { after, until } : null;
}
