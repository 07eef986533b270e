import type { Clock, Logger } from '@easyfaas/service-kit';
import type { ColdReason } from '@easyfaas/contracts/wire';
import type { FuncletClient } from '../clients/funclet-client';
import type { PoolContainer } from './container';
import type { FunctionPool } from './function-pool';
import { RecentEnds } from './recent-ends';

export interface ContainerResetsDeps {
  clock: Clock;
  logger: Logger;
  funclet: Pick<FuncletClient, 'reset'>;
  /** Calls that were still in it. */
  onLeftOver: (container: PoolContainer) => void;
  /** Its function lost a container; whoever waits may need another one. */
  onReset: (pool: FunctionPool | undefined, lastEnd: ColdReason) => void;
}

/** A reset that the funclet did not confirm is asked for again after this time. */
const RETRY_MS = 5000;

/** Ends containers. The only place that moves one to `resetting`. */
export class ContainerResets {
  readonly #deps: ContainerResetsDeps;
  /** When the funclet was last asked, by container id. */
  readonly #askedAtMs = new Map<string, number>();
  readonly recent = new RecentEnds();

  constructor(deps: ContainerResetsDeps) {
    this.#deps = deps;
  }

  /**
   * Takes the container out of use and has it destroyed. Returns at once; may be called again.
   * @param reason in words for the operator
   * @param lastEnd why the function's next call will be a cold one
   */
  reset(container: PoolContainer, reason: string, lastEnd: ColdReason = 'unhealthy'): void {
    if (container.phase === 'resetting') return;
    const pool = container.functionPool;
    if (pool !== undefined && (container.phase === 'warming' || container.phase === 'loading')) pool.warmingUp--;
    container.moveTo('resetting');
    if (pool !== undefined) {
      pool.remove(container);
      pool.share.lastEnd = lastEnd;
    }
    if (container.inFlight > 0) this.#deps.onLeftOver(container);
    container.connection.close();
    this.#remember(container, reason);
    this.#ask(container, reason);
    this.#deps.onReset(pool, lastEnd);
  }

  /** Asks again for containers that ought to be gone and are not; while the funclet was away nobody heard us. */
  retry(containers: Iterable<PoolContainer>): void {
    const nowMs = this.#deps.clock.monotonicMs();
    for (const container of containers) {
      if (container.phase !== 'resetting' || container.view.state === 'gone') continue;
      const askedAtMs = this.#askedAtMs.get(container.containerId);
      if (askedAtMs === undefined || nowMs - askedAtMs > RETRY_MS) this.#ask(container, container.view.reason);
    }
  }

  forget(containerId: string): void {
    this.#askedAtMs.delete(containerId);
  }

  #remember({ containerId, view }: PoolContainer, reason: string): void {
    const functionName = view.assignment?.functionName;
    const at = new Date(this.#deps.clock.wallMs()).toISOString();
    this.recent.note({ containerId, runtime: view.runtime, ...(functionName === undefined ? {} : { functionName }), reason, at });
  }

  #ask(container: PoolContainer, reason: string): void {
    const { funclet, clock, logger } = this.#deps;
    const { containerId } = container;
    this.#askedAtMs.set(containerId, clock.monotonicMs());
    // Destroyed by the funclet itself: it knows.
    if (container.view.state === 'resetting' || container.view.state === 'gone') return;
    logger.info('container reset', { containerId, reason, functionName: container.view.assignment?.functionName });
    funclet
      .reset(containerId, reason)
      .catch((error: unknown) => logger.warn('reset failed, will be asked for again', { containerId, error }));
  }
}
