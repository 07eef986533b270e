import type { InvocationRecord } from '@easyfaas/contracts/wire';

/** The last records of this process, whatever Redis does. */
export class RecordRing {
  readonly #slots: (InvocationRecord | undefined)[];
  #next = 0;

  constructor(capacity: number) {
    this.#slots = new Array<InvocationRecord | undefined>(capacity).fill(undefined);
  }

  add(record: InvocationRecord): void {
    this.#slots[this.#next] = record;
    this.#next = this.#next + 1 === this.#slots.length ? 0 : this.#next + 1;
  }

  find(accountId: string, requestId: string): InvocationRecord | undefined {
    return this.newestFirst().find((record) => record.requestId === requestId && record.accountId === accountId);
  }

  newestFirst(): InvocationRecord[] {
    const ordered = [...this.#slots.slice(this.#next), ...this.#slots.slice(0, this.#next)];
    return ordered.filter((record) => record !== undefined).reverse();
  }
}
