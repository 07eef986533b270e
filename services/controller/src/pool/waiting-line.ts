/**
 * Calls that wait for a container, oldest first. Bounded: an endless line only hides an overload until everybody in it has
 * waited for nothing. A ring in an array, for the reason that {@link CallTable} gives.
 */
export class WaitingLine<T> {
  readonly #limit: number;
  #ring: (T | undefined)[] = new Array<T | undefined>(16).fill(undefined);
  #head = 0;
  /** Places taken in the ring from the head on, those of removed items included. */
  #span = 0;
  #length = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#length;
  }

  get isFull(): boolean {
    return this.#length >= this.#limit;
  }

  /** The caller checks {@link isFull}; one that comes back from a lost container is let in even then. */
  push(item: T): void {
    if (this.#span === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#span) % this.#ring.length] = item;
    this.#span++;
    this.#length++;
  }

  first(): T | undefined {
    this.#skipRemoved();
    return this.#ring[this.#head];
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.first();
    this.#drop();
    this.#length--;
    return item;
  }

  /** @returns whether it was in the line */
  remove(item: T): boolean {
    const at = this.#ring.indexOf(item);
    if (at < 0) return false;
    this.#ring[at] = undefined;
    this.#length--;
    return true;
  }

  forEach(visit: (item: T) => void): void {
    if (this.#length === 0) return;
    for (const item of this.#inOrder()) visit(item);
  }

  /** Empties the line. */
  takeAll(): T[] {
    const items = this.#inOrder();
    this.#ring.fill(undefined);
    this.#head = this.#span = this.#length = 0;
    return items;
  }

  #inOrder(): T[] {
    const items: T[] = [];
    for (let offset = 0; offset < this.#span; offset++) {
      const item = this.#ring[(this.#head + offset) % this.#ring.length];
      if (item !== undefined) items.push(item);
    }
    return items;
  }

  #skipRemoved(): void {
    while (this.#span > 0 && this.#ring[this.#head] === undefined) this.#drop();
  }

  #drop(): void {
    if (this.#span === 0) return;
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.#ring.length;
    this.#span--;
  }

  #grow(): void {
    const items = this.#inOrder();
    const size = Math.max(16, items.length * 2);
    this.#ring = [...items, ...new Array<T | undefined>(size - items.length).fill(undefined)];
    this.#head = 0;
    this.#span = items.length;
  }
}
