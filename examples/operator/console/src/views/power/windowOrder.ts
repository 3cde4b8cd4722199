import type { OpenWindow, Service } from '../../api/types';

export interface WindowChoice {
  services: Service[];
  hold: boolean;
  minutes: string;
  reason: string;
}

export const presets = [5, 15, 30, 60] as const;

/** The order for a choice, or what is missing in it. */
export function orderOf({ services, hold, minutes, reason }: WindowChoice): OpenWindow | string {
  if (services.length === 0) return 'Choose at least one service.';
  const why = reason.trim() ? { reason: reason.trim() } : {};
  if (hold) return { services, mode: 'hold', ...why };
  const seconds = Math.round(Number(minutes) * 60);
  if (minutes.trim() === '' || !Number.isFinite(seconds) || seconds < 1)
    return 'Enter how many minutes the window lasts.';
  return { services, mode: 'ttl', ttl_sec: seconds, ...why };
}
