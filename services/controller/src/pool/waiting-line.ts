/**
 * Calls that wait for a container, oldest first. Bounded: an endless line only hides an overload until everybody in it has
 * waited for nothing.
 */
export class WaitingLine<T> {
  readonly #limit: number;
  readonly #items = new Set<T>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#items.size;
  }

  get isFull(): boolean {
    return this.#items.size >= this.#limit;
  }

  /** The caller checks {@link isFull}; one that comes back from a lost container is let in even then. */
  push(item: T): void {
    this.#items.add(item);
  }

  first(): T | undefined {
    return this.#items.values().next().value;
  }

  shift(): T | undefined {
    if (this.#items.size === 0) return undefined;
    const item = this.first();
    if (item !== undefined) this.#items.delete(item);
    return item;
  }

  /** @returns whether it was in the line */
  remove(item: T): boolean {
    return this.#items.delete(item);
  }

  /** Empties the line. */
  takeAll(): T[] {
    const items = [...this.#items];
    this.#items.clear();
    return items;
  }
}
