/** The gateway's rules, as its `GET /operator/power/policies` describes them. */
export interface Policies {
  bounds: { min_ttl_sec: number; max_ttl_sec: number; hold: boolean; services: string[] };
  budget: { time_zone: string; day: BudgetPeriod; month: BudgetPeriod; warn_at: number };
  schedules: Schedule[];
  next: { schedule: string; begins_at: string | null; ends_at: string | null } | null;
  on_demand: { enabled: boolean; services: string[]; ttl_sec: number; paused_until: string | null };
  power_aware: boolean;
  idle_after_sec: number | null;
  alert_before_sec: number | null;
  decisions: Decision[];
}

export interface BudgetPeriod {
  limit_sec: number | null;
  used_sec: number;
  left_sec: number | null;
  resets_at: string;
}

export interface Schedule {
  name: string;
  time_zone: string;
  days: string[];
  from: string;
  to: string;
  services: string[];
  active: boolean;
  closed: boolean;
  begins_at: string | null;
  ends_at: string | null;
}

export interface Decision {
  id: number;
  at: string;
  kind: string;
  source: string;
  schedule: string;
  services: string[];
  reason: string;
}

/** `null`: the gateway's answer has another form, such as that of an older version. */
export function readPolicies(value: unknown): Policies | null {
  const fields = value as Partial<Policies> | null;
  const known =
    fields?.bounds !== undefined &&
    fields.budget?.day !== undefined &&
    Array.isArray(fields.schedules) &&
    Array.isArray(fields.decisions) &&
    fields.on_demand !== undefined;
  return known ? (fields as Policies) : null;
}

/** "every day", "Mon–Fri", "Sat, Sun": days that follow one another are a range. */
export function daysText(days: readonly string[]): string {
  const week = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
  const name = (index: number) => `${week[index]?.charAt(0).toUpperCase()}${week[index]?.slice(1)}`;
  const chosen = week.map((_, index) => index).filter((index) => days.includes(week[index] ?? ''));
  if (chosen.length === 7) return 'every day';
  const ranges: [number, number][] = [];
  for (const index of chosen) {
    const last = ranges.at(-1);
    if (last && last[1] === index - 1) last[1] = index;
    else ranges.push([index, index]);
  }
  return ranges
    .map(([first, last]) =>
      last - first > 1
        ? `${name(first)}–${name(last)}`
        : first === last
          ? name(first)
          : `${name(first)}, ${name(last)}`,
    )
    .join(', ');
}
