/** A container that was taken out of use. */
export interface RecentEnd {
  containerId: string;
  runtime: string;
  /** Absent when it had served nobody. */
  functionName?: string;
  reason: string;
  /** ISO 8601. */
  at: string;
}

const KEPT = 32;

/** Why the last containers were taken out of use: they themselves are gone from the pool when an operator looks. */
export class RecentEnds {
  readonly #ends: RecentEnd[] = [];

  note(end: RecentEnd): void {
    this.#ends.unshift(end);
    this.#ends.length = Math.min(this.#ends.length, KEPT);
  }

  /** The last one first. */
  list(): readonly RecentEnd[] {
    return this.#ends;
  }
}
