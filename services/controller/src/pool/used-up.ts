import type { FunctionOfAccount } from './usage';

export interface UsedUpCount extends FunctionOfAccount {
  containers: number;
}

interface Entry extends UsedUpCount {
  atMs: number;
}

/** After this time one counts half, ms: of the order of what it takes the pool to make good for it. */
const HALF_LIFE_MS = 10_000;
/** Less than that is forgotten. */
const LEAST = 0.01;

/**
 * Containers that functions spoilt lately: by crashes, time-outs, failed starts. A function that ends each container after one
 * call holds none and would always seem to be the one that has least.
 */
export class UsedUp {
  readonly #entries = new Map<string, Entry>();

  note({ accountId, functionName }: FunctionOfAccount, nowMs: number): void {
    const key = `${accountId}/${functionName}`;
    const before = this.#entries.get(key);
    const containers = before === undefined ? 0 : decayed(before, nowMs);
    this.#entries.set(key, { accountId, functionName, containers: containers + 1, atMs: nowMs });
  }

  counts(nowMs: number): UsedUpCount[] {
    const counts: UsedUpCount[] = [];
    for (const [key, entry] of this.#entries) {
      const containers = decayed(entry, nowMs);
      if (containers < LEAST) this.#entries.delete(key);
      else counts.push({ accountId: entry.accountId, functionName: entry.functionName, containers });
    }
    return counts;
  }
}

function decayed({ containers, atMs }: Entry, nowMs: number): number {
  return containers * 2 ** (-(nowMs - atMs) / HALF_LIFE_MS);
}
