import type { ContainerView } from '@easyfaas/contracts/wire';

/** A container as operators see it: without its token and its socket's place. */
export type PoolContainer = Omit<ContainerView, 'token' | 'socketDirectory'> & {
  /** Calls that it serves now. */
  inFlight?: number;
  /** What the controller does with it; absent when it is gone. */
  phase?: string;
};

export interface PoolSummary {
  containers: PoolContainer[];
  /** Sizes, targets and reasons per runtime and class; shown as they are. */
  [fact: string]: unknown;
}

/** What the operations API needs of the pool. */
export interface PoolReader {
  list(): PoolSummary | Promise<PoolSummary>;
  /** Calls that ended in a container since this controller was started, by function; of those that it still knows. */
  callsOf(accountId: string): ReadonlyMap<string, number>;
  /** What of the node is spoken for and used. */
  resource(): object;
  /** Also one that is gone, for some time. @returns undefined when there is no such container */
  get(containerId: string): PoolContainer | undefined | Promise<PoolContainer | undefined>;
  /**
   * Lets running calls finish, then destroys the container; the pool makes a new one as it needs.
   * @throws ServiceError CONTAINER_NOT_FOUND, ILLEGAL_TRANSITION, FUNCLET_UNAVAILABLE
   */
  reset(containerId: string, reason: string): Promise<PoolContainer>;
  /**
   * The same once another container of its function is warm in its stead; at once for one that serves no function.
   * @throws ServiceError as `reset`, RUNTIME_UNAVAILABLE when no other one can be begun
   */
  replace(containerId: string, reason: string): Promise<PoolContainer>;
  /**
   * Changes the memory limit of a live container, also while it works. It keeps that until its function's memory is changed, or
   * until it is reset.
   * @throws ServiceError CONTAINER_NOT_FOUND, ILLEGAL_TRANSITION, MEMORY_BUSY, CAPACITY_EXCEEDED, FUNCLET_UNAVAILABLE
   */
  resize(containerId: string, memoryMb: number): Promise<PoolContainer>;
}
