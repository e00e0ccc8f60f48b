const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** How long a token may be good for, where `JWT_MAX_AGE` does not say. */
export const DEFAULT_MAX_AGE = '400d';

/** Seconds of a duration such as `30s`, `15m`, `1h` or `400d`; undefined for anything else, also for zero. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  return Number(count) * (SECONDS[unit] ?? 0) || undefined;
}
