import { CliError } from './cli-error';

const UNIT_SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `12h` from now, or an ISO time itself; milliseconds since the epoch. @throws CliError for anything else */
export function laterOf(text: string, nowMs = Date.now()): number {
  const seconds = parseSpan(text);
  if (seconds !== undefined) return nowMs + seconds * 1000;
  const atMs = Date.parse(text);
  if (Number.isNaN(atMs)) throw new CliError(`"${text}" is no time.`, { remedy: 'Give 12h, 30d, or a time such as 2030-01-31T12:00:00Z.' });
  return atMs;
}

/** `30m` in seconds. @throws CliError for anything else */
export function spanSeconds(text: string): number {
  const seconds = parseSpan(text);
  if (seconds === undefined) throw new CliError(`"${text}" is no length of time.`, { remedy: 'Give 30s, 10m, 2h or 1d.' });
  return seconds;
}

function parseSpan(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * (UNIT_SECONDS[unit] ?? 0);
}
