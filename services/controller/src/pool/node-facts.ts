import type { Clock, Logger } from '@easyfaas/service-kit';
import type { NodeView } from '@easyfaas/contracts/wire';
import type { FuncletClient } from '../clients/funclet-client';
import { invalidField } from '../invalid-field';

export interface NodeFactsDeps {
  clock: Clock;
  logger: Logger;
  funclet: Pick<FuncletClient, 'node'>;
}

const READ_MS = 10_000;
const RETRY_MS = 1000;
/** Where an older funclet does not say what it counts to each container. */
const OVERHEAD_MB = 8;

/** What the funclet last said of the node: its budget does not change while the funclet runs. */
export class NodeFacts {
  readonly #deps: NodeFactsDeps;
  #view: NodeView | undefined;
  #cancel: (() => void) | undefined;
  #isStopped = false;

  constructor(deps: NodeFactsDeps) {
    this.#deps = deps;
  }

  start(): void {
    if (!this.#isStopped) void this.#read();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  /** Memory for all containers, MB, and what is counted to each besides its own; undefined before the funclet has answered. */
  get budget(): { memoryMb: number; overheadMb: number } | undefined {
    const budget = this.#view?.budget;
    return budget === undefined ? undefined : { memoryMb: budget.memoryMb, overheadMb: budget.overheadMb ?? OVERHEAD_MB };
  }

  get cpus(): number | undefined {
    return this.#view?.budget.cpus;
  }

  /** Quotas in force, processors, as of some seconds ago; undefined where functions have none. */
  get cpuLimits(): number | undefined {
    return this.#view?.reserved.cpus;
  }

  /** @throws ServiceError VALIDATION_FAILED when no container of this memory can ever be made here */
  assertFits(memoryMb: number): void {
    const { budget } = this;
    if (budget === undefined || memoryMb + budget.overheadMb <= budget.memoryMb) return;
    throw invalidField(
      'MemorySize',
      `MemorySize is ${memoryMb} MB; this node has ${budget.memoryMb} MB for all containers together, ${budget.memoryMb - budget.overheadMb} MB for one. Take less, or raise EASYFAAS_NODE_MEMORY_MB.`,
    );
  }

  async #read(): Promise<void> {
    const { funclet, clock, logger } = this.#deps;
    let nextMs = READ_MS;
    try {
      this.#view = await funclet.node();
    } catch (error) {
      nextMs = this.#view === undefined ? RETRY_MS : READ_MS;
      logger.debug('node could not be read', { error });
    }
    this.#cancel = clock.after(nextMs, () => this.start());
  }
}
