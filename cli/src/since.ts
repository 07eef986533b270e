import { CliError } from './cli-error';

const UNIT_MS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `10m` means ten minutes ago; an ISO time means itself. Milliseconds since the epoch. @throws CliError for anything else */
export function sinceOf(text: string | undefined, nowMs = Date.now()): number | undefined {
  if (text === undefined) return undefined;
  const span = /^(\d{1,6})([smhd])$/.exec(text);
  if (span !== null) return nowMs - Number(span[1]) * (UNIT_MS[span[2] ?? ''] ?? 0);
  const atMs = Date.parse(text);
  if (Number.isNaN(atMs))
    throw new CliError(`"${text}" is no time.`, { remedy: 'Give 30s, 10m, 2h, 1d, or a time such as 2030-01-31T12:00:00Z.' });
  return atMs;
}
