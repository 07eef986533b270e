import { ServiceError } from '@easyfaas/service-kit';

/**
 * Who has how much of the node's memory. Reserve before a limit is raised, release after it was lowered: then the sum of
 * limits in force never exceeds the budget, at no moment.
 */
export class Ledger {
  readonly budgetMb: number;
  /** Counted to each container besides its limit: its share of engine processes and kernel memory, MB. */
  readonly overheadMb: number;
  readonly #limitsMb = new Map<string, number>();
  #reservedMb = 0;

  constructor(budgetMb: number, overheadMb: number) {
    this.budgetMb = budgetMb;
    this.overheadMb = overheadMb;
  }

  /** Limits and overheads of all containers, MB. */
  get reservedMb(): number {
    return this.#reservedMb;
  }

  limitOf(containerId: string): number | undefined {
    return this.#limitsMb.get(containerId);
  }

  /** Takes a new container in, or raises its limit. A limit that is not higher changes nothing. @throws ServiceError CAPACITY_EXCEEDED */
  reserve(containerId: string, limitMb: number): void {
    const heldMb = this.#limitsMb.get(containerId);
    if (heldMb !== undefined && limitMb <= heldMb) return;
    const moreMb = heldMb === undefined ? limitMb + this.overheadMb : limitMb - heldMb;
    if (this.#reservedMb + moreMb > this.budgetMb) {
      const freeMb = this.budgetMb - this.#reservedMb;
      throw new ServiceError(
        'CAPACITY_EXCEEDED',
        `Container ${containerId} needs ${moreMb} MB more, ${freeMb} MB of the node's ${this.budgetMb} MB are free. Free some containers or raise EASYFAAS_NODE_MEMORY_MB.`,
        { details: { neededMb: moreMb, freeMb, budgetMb: this.budgetMb } },
      );
    }
    this.#set(containerId, limitMb, moreMb);
  }

  /** Takes in a container that exists already, budget or not: refusing it would not give the memory back. */
  adopt(containerId: string, limitMb: number): void {
    this.release(containerId);
    this.#set(containerId, limitMb, limitMb + this.overheadMb);
  }

  /** Gives back what a container no longer needs because its limit was lowered, or was never raised after all. */
  lower(containerId: string, limitMb: number): void {
    const heldMb = this.#limitsMb.get(containerId);
    if (heldMb === undefined || limitMb >= heldMb) return;
    this.#set(containerId, limitMb, limitMb - heldMb);
  }

  /** Gives everything back. Idempotent. */
  release(containerId: string): void {
    const heldMb = this.#limitsMb.get(containerId);
    if (heldMb === undefined) return;
    this.#limitsMb.delete(containerId);
    this.#reservedMb -= heldMb + this.overheadMb;
  }

  #set(containerId: string, limitMb: number, moreMb: number): void {
    this.#limitsMb.set(containerId, limitMb);
    this.#reservedMb += moreMb;
  }
}
