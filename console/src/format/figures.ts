const KIB = 1024;
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `512 B`, `1.5 KiB`, `6.0 MiB`. */
export function bytes(count: number): string {
  if (count < KIB) return `${count} B`;
  if (count < KIB * KIB) return `${(count / KIB).toFixed(1)} KiB`;
  return `${(count / KIB / KIB).toFixed(1)} MiB`;
}

/** `0.12 ms`, `12.3 ms`, `1.24 s`. */
export function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(2)} ms`;
  if (ms < SECOND_MS) return `${ms.toFixed(1)} ms`;
  if (ms < MINUTE_MS) return `${(ms / SECOND_MS).toFixed(2)} s`;
  return age(ms);
}

/** The two largest units, rounded down: `45 s`, `3 min`, `2 h 5 min`, `4 d 1 h`. Never negative: clocks differ. */
export function age(ms: number): string {
  if (ms < SECOND_MS) return '0 s';
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms < DAY_MS) return two(Math.floor(ms / HOUR_MS), 'h', Math.floor((ms % HOUR_MS) / MINUTE_MS), 'min');
  return two(Math.floor(ms / DAY_MS), 'd', Math.floor((ms % DAY_MS) / HOUR_MS), 'h');
}

function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** `3 min ago`, `in 5 s`. */
export function relativeTime(atMs: number, nowMs: number): string {
  const pastMs = nowMs - atMs;
  if (pastMs < -SECOND_MS) return `in ${age(-pastMs)}`;
  return pastMs < 5 * SECOND_MS ? 'just now' : `${age(pastMs)} ago`;
}

/** `1 call`, `2 calls`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}
