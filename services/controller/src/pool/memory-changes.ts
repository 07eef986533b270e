import { type Logger, type ServiceError, asServiceError } from '@easyfaas/service-kit';
import type { ContainerView, StoredFunction } from '@easyfaas/contracts/wire';
import type { FuncletClient } from '../clients/funclet-client';
import { memoryVariables } from '../invoke/invoke-frame';
import type { PoolContainer } from './container';
import type { ContainerResets } from './container-resets';
import type { FunctionPool } from './function-pool';

export interface MemoryChangesDeps {
  logger: Logger;
  funclet: Pick<FuncletClient, 'resize'>;
  resets: Pick<ContainerResets, 'reset'>;
  /** Runtimes whose processes take another memory limit while they run. */
  liveRuntimes: ReadonlySet<string>;
  /** Whether the commit is the function's with this memory, all else equal. */
  isVariant: (stored: StoredFunction, memoryMb: number, commitId: string) => boolean;
  /** The container takes calls again. */
  onSlots: (container: PoolContainer) => void;
}

/**
 * Gives warm containers another memory limit without a restart: by an operator, or because nothing but the memory of their
 * function was changed. While the limit of a commit is being put in force a container gets no call, so that every call
 * finds the memory that its function has.
 */
export class MemoryChanges {
  readonly #deps: MemoryChangesDeps;

  constructor(deps: MemoryChangesDeps) {
    this.#deps = deps;
  }

  /** Whether containers of one commit can serve the other by a change of their limit alone. */
  canSucceed(before: StoredFunction, after: StoredFunction): boolean {
    const { MemorySize, CommitId } = before.configuration;
    return this.#isAlive(after) && this.#deps.isVariant(after, MemorySize, CommitId);
  }

  /** The same for a container that was found, whose commit's own record is not known any more. */
  canServe(view: ContainerView, stored: StoredFunction): boolean {
    const { assignment, memoryMb } = view;
    return assignment !== undefined && this.#isAlive(stored) && this.#deps.isVariant(stored, memoryMb, assignment.commitId);
  }

  /** The function has another memory now: brings its containers there. */
  apply(pool: FunctionPool): void {
    for (const container of pool.containers) this.bring(container, pool);
  }

  /** Brings one container to its function's memory, or has it replaced when that cannot be. */
  bring(container: PoolContainer, pool: FunctionPool): void {
    const { phase } = container;
    if (container.isHeld || phase === 'draining' || phase === 'resetting') return;
    container.isHeld = true;
    pool.noteSlots(container);
    // One that still loads is brought there when it has: {@link onWarm}.
    if (phase === 'warm' || phase === 'paused') void this.#bring(container, pool);
  }

  /** One that was adopted may have been changed just before the controller that did it ended. */
  onAdopted(container: PoolContainer): void {
    this.#tell(container, container.view.memoryMb);
  }

  /** A container has loaded its code: its function's memory may have been changed meanwhile. */
  onWarm(container: PoolContainer): void {
    const pool = container.functionPool;
    if (container.isHeld && pool !== undefined) void this.#bring(container, pool);
  }

  /** Changes one container's limit and nothing else. @throws ServiceError MEMORY_BUSY, CAPACITY_EXCEEDED, ILLEGAL_TRANSITION */
  async resize(container: PoolContainer, memoryMb: number): Promise<ContainerView> {
    const view = await this.#deps.funclet.resize(container.containerId, { memoryMb });
    this.#tell(container, memoryMb);
    return view;
  }

  async #bring(container: PoolContainer, pool: FunctionPool): Promise<void> {
    pool.comingBack++;
    const error = await this.#follow(container, pool);
    pool.comingBack--;
    container.isHeld = false;
    if (error !== undefined) this.#replace(container, error);
    else if (container.phase === 'warm') this.#deps.onSlots(container);
  }

  /** Until it has the limit of the commit that is current then. @returns why it cannot */
  async #follow(container: PoolContainer, pool: FunctionPool): Promise<ServiceError | undefined> {
    let commitId: string | undefined;
    while (commitId !== pool.commitId && isWarm(container)) {
      commitId = pool.commitId;
      const memoryMb = pool.stored.configuration.MemorySize;
      try {
        await this.#deps.funclet.resize(container.containerId, { memoryMb, commitId });
      } catch (error) {
        return asServiceError(error);
      }
      this.#tell(container, memoryMb);
    }
    return undefined;
  }

  /** Calls that run in it end in peace; the next one gets a container with the right memory. */
  #replace(container: PoolContainer, error: ServiceError): void {
    const { logger, resets } = this.#deps;
    logger.info('memory was not changed live', { containerId: container.containerId, error });
    if (container.isIdle) resets.reset(container, `memory could not be changed: ${error.message}`, 'version changed');
    else if (container.phase === 'warm') {
      container.moveTo('draining');
      container.functionPool?.noteSlots(container);
    }
  }

  /** Frozen, it reads this when it is thawed, before the call. */
  #tell({ connection, view, functionPool }: PoolContainer, memoryMb: number): void {
    if (functionPool === undefined || !this.#deps.liveRuntimes.has(view.runtime)) return;
    connection.runtime?.sendUpdate({ memoryMb, env: memoryVariables(memoryMb) });
  }

  #isAlive({ configuration }: StoredFunction): boolean {
    return this.#deps.liveRuntimes.has(configuration.Runtime);
  }
}

function isWarm({ phase }: PoolContainer): boolean {
  return phase === 'warm' || phase === 'paused';
}
