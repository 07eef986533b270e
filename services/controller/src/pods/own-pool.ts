import type { NodeView, PodCapacity } from '@easyfaas/contracts/wire';
import { ServiceError, withDeadline } from '@easyfaas/service-kit';
import type { Engine } from '../engine';
import type { FunctionPool } from '../pool/function-pool';
import { type Shelves, shelfKey } from '../pool/shelves';
import { shortage } from './pod-shortage';

/** A funclet that hangs must not make the lease expire. */
const NODE_MS = 1000;

/** Containers that are wanted for a line and that this pod can give only by taking them from others. */
export interface Shortage {
  pool: FunctionPool;
  count: number;
}

export interface OwnPoolOptions {
  engine: Pick<Engine, 'view' | 'pools' | 'upkeep'>;
  shelves: Shelves;
  poolMax: number;
  /** The funclet's word on memory. */
  node: () => Promise<Pick<NodeView, 'budget' | 'reserved'>>;
}

/** This pod's containers as facts for leases and for the decision whether calls have to leave. */
export class OwnPool {
  readonly #options: OwnPoolOptions;

  constructor(options: OwnPoolOptions) {
    this.#options = options;
  }

  async capacity(): Promise<PodCapacity> {
    const { engine, poolMax } = this.#options;
    const memoryFreeMb = await this.#memoryFreeMb();
    const cold: Record<string, number> = {};
    let freeSlots = 0;
    for (const container of engine.view.values()) {
      const { runtime } = container.view;
      if (container.phase === 'cold') cold[runtime] = (cold[runtime] ?? 0) + 1;
      else if (container.phase === 'warm') freeSlots += Math.max(0, container.concurrency - container.inFlight);
    }
    return {
      containers: this.#total(),
      containersMax: poolMax,
      cold,
      freeSlots,
      waiting: [...engine.pools.values()].reduce((sum, { line }) => sum + line.length, 0),
      ...(memoryFreeMb === undefined ? {} : { memoryFreeMb }),
    };
  }

  /** Lines with calls for which a container could be had only if another one gave way, and how many such containers. */
  shortages(): Shortage[] {
    const { engine, shelves, poolMax } = this.#options;
    const waiting = [...engine.pools.values()].filter(({ line }) => line.length > 0);
    if (waiting.length === 0 || !engine.view.hasSnapshot) return [];
    const demand = engine.upkeep.reconciler.demand();
    const found: Shortage[] = [];
    let room = Math.max(0, poolMax - this.#total());
    for (const [shelf, demanded] of demand) {
      const { cold, coming } = this.#ready(shelf);
      // After one could not be made, for want of memory or of Docker, none is tried for a while.
      let missing = shortage({ demanded, cold, coming, room: engine.upkeep.creations.isPausing(shelf) ? 0 : room });
      room = Math.max(0, room - Math.max(0, demanded - cold - coming));
      for (const pool of waiting) {
        if (shelves.of(pool.wish)?.key !== shelf) continue;
        const own = Math.ceil(pool.line.length / pool.concurrency);
        // What could not be raised to the function's size does not become possible by a cold container more.
        const count = pool.missingMb > 0 ? own : Math.min(missing, own);
        missing = Math.max(0, missing - count);
        if (count > 0) found.push({ pool, count });
      }
    }
    return found;
  }

  #ready(shelf: string): { cold: number; coming: number } {
    const { view, upkeep } = this.#options.engine;
    let cold = 0;
    let coming = upkeep.creations.invisible(shelf, view);
    for (const container of view.values()) {
      if (shelfKey(container.view) !== shelf) continue;
      if (container.phase === 'cold') cold++;
      else if (container.phase === 'attaching') coming++;
    }
    return { cold, coming };
  }

  /** In any state, and on their way. */
  #total(): number {
    const { engine, shelves } = this.#options;
    const { view, upkeep } = engine;
    let total = view.size;
    for (const { key } of shelves.values()) total += upkeep.creations.invisible(key, view);
    return total;
  }

  async #memoryFreeMb(): Promise<number | undefined> {
    try {
      const { budget, reserved } = await withDeadline('GET /v1/node', NODE_MS, () => this.#options.node());
      return budget.memoryMb - reserved.memoryMb;
    } catch (error) {
      // Its own watch says in the log that the funclet is away.
      if (error instanceof ServiceError) return undefined;
      throw error;
    }
  }
}
