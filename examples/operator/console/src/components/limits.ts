import type { ErrorBody } from '../api/errors';
import { moment, spokenSpan } from '../lib/format';

/** What the gateway's rules of windows would admit, as sentences. */
export function limits({ max_ttl_sec, available_at }: ErrorBody, now: number): string[] {
  const longest =
    max_ttl_sec === undefined || max_ttl_sec <= 0
      ? []
      : [`A window of at most ${spokenSpan(max_ttl_sec * 1000)} is granted now.`];
  return available_at === undefined ? longest : [...longest, `The budget is free again ${moment(available_at, now)}.`];
}
