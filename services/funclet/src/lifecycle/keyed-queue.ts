/** Runs work on one key one after another, in the order of the calls; different keys go at the same time. */
export class KeyedQueue {
  readonly #tails = new Map<string, Promise<unknown>>();

  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const previous = this.#tails.get(key) ?? Promise.resolve();
    // A failure belongs to its own caller; the next one starts all the same.
    const mine = previous.then(work, work);
    this.#tails.set(key, mine);
    const forget = (): void => {
      if (this.#tails.get(key) === mine) this.#tails.delete(key);
    };
    mine.then(forget, forget);
    return mine;
  }

  /** Keys with work waiting or under way. */
  get size(): number {
    return this.#tails.size;
  }
}
