/** How a status looks: by colour, shape and word, so that none of them carries it alone. */
export type Tone = 'ok' | 'warn' | 'bad' | 'off' | 'unknown';

const tones: Record<string, Tone> = {
  ok: 'ok',
  up: 'ok',
  available: 'ok',
  closed: 'ok',
  answered: 'ok',
  done: 'ok',
  info: 'ok',
  active: 'ok',
  degraded: 'warn',
  half_open: 'warn',
  warn: 'warn',
  planned: 'warn',
  pending: 'warn',
  ticket: 'warn',
  refused: 'warn',
  overtaken: 'warn',
  offline: 'bad',
  open: 'bad',
  unreachable: 'bad',
  error: 'bad',
  critical: 'bad',
  failed: 'bad',
  page: 'bad',
  timeout: 'bad',
  circuit_open: 'bad',
  invalid_reply: 'bad',
  exhausted: 'bad',
  cancelled: 'off',
  unsupported: 'off',
  off_by_policy: 'off',
  asleep: 'off',
  none: 'off',
};

export function toneOf(status: string): Tone {
  return tones[status.toLowerCase()] ?? 'unknown';
}

const order: Tone[] = ['bad', 'warn', 'unknown', 'off', 'ok'];

/** The tone that deserves attention first. */
export function worst(list: readonly Tone[]): Tone {
  return order.find((tone) => list.includes(tone)) ?? 'unknown';
}
