import { ServiceError } from '@easyfaas/service-kit';
import { MB_PER_CPU, hundredthsOf } from './cpu-share';

/**
 * Who has how much of the node's processors, where functions have quotas: those of all containers that belong to a function, frozen ones
 * too, since a thaw must not be refused. What is counted is what Docker is told, in hundredths of a processor. Without a budget it only counts.
 */
export class CpuLedger {
  readonly budgetCpus: number | undefined;
  readonly #hundredths = new Map<string, number>();
  #reserved = 0;

  /** @param budgetCpus undefined: functions have weights and no quotas */
  constructor(budgetCpus: number | undefined) {
    this.budgetCpus = budgetCpus;
  }

  get reservedCpus(): number {
    return this.#reserved / 100;
  }

  /** Takes a container in, or raises what it has. @throws ServiceError CAPACITY_EXCEEDED, with the memory that goes with what is missing */
  reserve(containerId: string, memoryMb: number): void {
    const wanted = this.#shareOf(memoryMb);
    const more = wanted - (this.#hundredths.get(containerId) ?? 0);
    if (more <= 0) return;
    const { budgetCpus } = this;
    if (budgetCpus !== undefined && this.#reserved + more > Math.round(budgetCpus * 100))
      throw exceeded(containerId, more / 100, this.reservedCpus, budgetCpus);
    this.#set(containerId, wanted);
  }

  /** Takes in what exists already, budget or not. */
  adopt(containerId: string, memoryMb: number): void {
    this.#set(containerId, this.#shareOf(memoryMb));
  }

  /** Gives back what a container no longer needs. */
  lower(containerId: string, memoryMb: number): void {
    const held = this.#hundredths.get(containerId);
    const wanted = this.#shareOf(memoryMb);
    if (held !== undefined && wanted < held) this.#set(containerId, wanted);
  }

  /** Gives everything back. Idempotent. */
  release(containerId: string): void {
    this.#reserved -= this.#hundredths.get(containerId) ?? 0;
    this.#hundredths.delete(containerId);
  }

  /** Nobody gets more than there is: a function with more memory than goes with all processors has all of them. */
  #shareOf(memoryMb: number): number {
    return Math.min(hundredthsOf(memoryMb), Math.round((this.budgetCpus ?? Infinity) * 100));
  }

  #set(containerId: string, hundredths: number): void {
    this.release(containerId);
    this.#hundredths.set(containerId, hundredths);
    this.#reserved += hundredths;
  }
}

function exceeded(containerId: string, neededCpus: number, reservedCpus: number, budgetCpus: number): ServiceError {
  const freeCpus = Math.round((budgetCpus - reservedCpus) * 100) / 100;
  const text = `Container ${containerId} needs ${neededCpus} processors more, ${freeCpus} of the ${budgetCpus} that functions may be promised are free (EASYFAAS_CPU_QUOTA=on). Free some containers or raise EASYFAAS_NODE_CPUS.`;
  const inMb = (cpus: number): number => Math.ceil(cpus * MB_PER_CPU);
  return new ServiceError('CAPACITY_EXCEEDED', text, {
    details: {
      resource: 'cpu',
      neededCpus,
      freeCpus,
      budgetCpus,
      neededMb: inMb(neededCpus),
      freeMb: Math.max(0, Math.floor(freeCpus * MB_PER_CPU)),
    },
  });
}
