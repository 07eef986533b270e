import { type Clock, ServiceError } from '@easyfaas/service-kit';
import type { PoolContainer } from './container';
import type { ContainerResets } from './container-resets';
import type { WarmUps } from './warm-ups';

export interface SuccessionsDeps {
  clock: Pick<Clock, 'monotonicMs'>;
  warmUps: Pick<WarmUps, 'start'>;
  resets: Pick<ContainerResets, 'reset'>;
}

/** A successor that is not warm by then has failed, and the container stays, ms. */
const AWAITED_MS = 60_000;

/** Ends containers that an operator wants to be rid of: at once, or when another one of the same function has become warm in its stead. */
export class Successions {
  readonly #deps: SuccessionsDeps;
  readonly #awaited = new Map<PoolContainer, { reason: string; untilMs: number }>();

  constructor(deps: SuccessionsDeps) {
    this.#deps = deps;
  }

  /** Its calls finish first. */
  end(container: PoolContainer, reason: string): void {
    this.#awaited.delete(container);
    if (container.inFlight === 0) this.#deps.resets.reset(container, reason);
    else if (container.phase === 'warm') container.drain(reason, 'unhealthy');
  }

  /**
   * Has another container of its function warmed up, and ends this one then: at no moment the function has fewer. One that serves no function
   * ends at once, since the pool is filled anyway. A function that cannot be started again keeps what it has.
   * @throws ServiceError RUNTIME_UNAVAILABLE when there is no cold container for it
   */
  begin(container: PoolContainer, reason: string): void {
    const { clock, warmUps } = this.#deps;
    const { functionPool: pool, phase, containerId } = container;
    if (pool === undefined || pool.isRetired || (phase !== 'warm' && phase !== 'paused')) return this.end(container, reason);
    const nowMs = clock.monotonicMs();
    if ((this.#awaited.get(container)?.untilMs ?? -Infinity) > nowMs) return;
    if (!warmUps.start(pool)) {
      const text = `No cold container is ready to follow ${containerId}; try again shortly, or drain it.`;
      throw new ServiceError('RUNTIME_UNAVAILABLE', text, { headers: { 'Retry-After': '1' } });
    }
    this.#awaited.set(container, { reason, untilMs: nowMs + AWAITED_MS });
  }

  /** A container has become warm. */
  onWarm(successor: PoolContainer): void {
    const nowMs = this.#deps.clock.monotonicMs();
    for (const [container, { reason, untilMs }] of this.#awaited) {
      if (untilMs <= nowMs || container.phase === 'resetting' || container.phase === 'draining') this.#awaited.delete(container);
      else if (container !== successor && container.functionPool === successor.functionPool) return this.end(container, reason);
    }
  }
}
