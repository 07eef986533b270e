import type { InvocationRecord } from '@easyfaas/contracts/wire';

const WINDOW_MS = 1000;
const PER_WINDOW = 10;
/** Functions whose counts are held. */
const CAPACITY = 1000;

interface Count {
  windowStartMs: number;
  written: number;
  /** Left out since the last one that was written. */
  leftOut: number;
}

/**
 * A client in a loop against a limit must not push everybody's records out: of a function's throttled calls ten a second are written
 * down, and the next one says how many were not. All are counted in the metrics.
 */
export class ThrottledRecords {
  readonly #counts = new Map<string, Count>();

  /** @returns the record to write, or undefined when this one is left out */
  admit(record: InvocationRecord, nowMs: number): InvocationRecord | undefined {
    const key = `${record.accountId}:${record.functionName}`;
    let count = this.#counts.get(key);
    if (count === undefined) {
      if (this.#counts.size >= CAPACITY) this.#counts.clear();
      count = { windowStartMs: nowMs, written: 0, leftOut: 0 };
      this.#counts.set(key, count);
    } else if (nowMs - count.windowStartMs >= WINDOW_MS) {
      count.windowStartMs = nowMs;
      count.written = 0;
    }
    if (count.written >= PER_WINDOW) {
      count.leftOut += 1;
      return undefined;
    }
    count.written += 1;
    const { leftOut } = count;
    count.leftOut = 0;
    return leftOut === 0 ? record : { ...record, leftOut };
  }
}
