/** An out-of-memory kill this long ago has nothing to do with a process that ends now, ms. The victim's end is heard of later than the kill. */
const RECENT_MS = 1500;

/**
 * The kernel's count of out-of-memory kills in this container, watched over time: a child that was killed an hour ago is not why
 * the runtime process ends today.
 */
export class OomKills {
  readonly #count: () => number;
  readonly #nowMs: () => number;
  #known: number;
  #grewAtMs = -Infinity;

  constructor(count: () => number, nowMs: () => number) {
    this.#count = count;
    this.#nowMs = nowMs;
    this.#known = count();
  }

  /** Takes note of the count; to be called about every second. */
  look(): void {
    const count = this.#count();
    if (count > this.#known) this.#grewAtMs = this.#nowMs();
    this.#known = count;
  }

  hasJustKilled(): boolean {
    this.look();
    return this.#nowMs() - this.#grewAtMs <= RECENT_MS;
  }
}
