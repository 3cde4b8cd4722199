import { Store } from './store';

/** "4 s", "3 min", "2 h", "5 d": how long ago or how long still. */
export function shortSpan(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** "1:02:03" or "4:05". Rounds up, so that 0:00 means that the time is over. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const two = (n: number) => String(n).padStart(2, '0');
  const minutes = Math.floor(seconds / 60) % 60;
  const hours = Math.floor(seconds / 3600);
  const rest = two(seconds % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

/** "2 hours 5 minutes", for screen readers. */
export function spokenSpan(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'day'],
    [Math.floor(seconds / 3600) % 24, 'hour'],
    [Math.floor(seconds / 60) % 60, 'minute'],
    [seconds % 60, 'second'],
  ];
  const shown = parts.filter(([n]) => n > 0).slice(0, 2);
  if (shown.length === 0) return '0 seconds';
  return shown.map(([n, unit]) => `${n} ${unit}${n === 1 ? '' : 's'}`).join(' ');
}

/** "812 ms", "4.2 s". */
export function latency(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '–';
  if (ms < 1) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

export function percent(share: number, digits = 1): string {
  return `${(share * 100).toFixed(digits)} %`;
}

export type Times = 'local' | 'utc';

/** Of the settings: in which zone moments are shown. */
export const shownTimes = new Store<Times>('local');

const formatter = (style: Intl.DateTimeFormatOptions, times: Times) =>
  new Intl.DateTimeFormat(undefined, times === 'utc' ? { ...style, timeZone: 'UTC' } : style);
const formatters = {
  local: {
    time: formatter({ timeStyle: 'medium' }, 'local'),
    both: formatter({ dateStyle: 'medium', timeStyle: 'medium' }, 'local'),
  },
  utc: {
    time: formatter({ timeStyle: 'medium' }, 'utc'),
    both: formatter({ dateStyle: 'medium', timeStyle: 'medium' }, 'utc'),
  },
};

/** The time of day, with the date if it was not today. Views show `<Moment>`, which follows the setting. */
export function moment(iso: string, now: number, times: Times = shownTimes.get()): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const day = (date: Date) => (times === 'utc' ? date.toISOString().slice(0, 10) : date.toDateString());
  const today = day(at) === day(new Date(now));
  const text = formatters[times][today ? 'time' : 'both'].format(at);
  return times === 'utc' ? `${text} UTC` : text;
}

/** "solo_madre" → "solo madre". */
export function words(identifier: string): string {
  return identifier.replaceAll('_', ' ');
}
