import type { Clock, Logger, ServiceError } from '@easyfaas/service-kit';
import type { ContainerCreations } from './container-creations';
import type { ContainerResets } from './container-resets';
import { type EndingFacts, type ResetStep, endings } from './endings';
import { type EvictionCandidate, evict } from './evict';
import type { FunctionPool } from './function-pool';
import type { FunctionPools } from './function-pools';
import type { PoolContainer } from './container';
import type { PoolView } from './pool-view';
import type { PoolTargets } from './pool-targets';
import { type CreateStep, type ShelfFacts, scale } from './scale';
import { type Shelves, shelfKey } from './shelves';
import type { WarmUps } from './warm-ups';

export interface ReconcilerDeps {
  clock: Clock;
  logger: Logger;
  view: PoolView;
  pools: FunctionPools;
  warmUps: WarmUps;
  resets: ContainerResets;
  creations: ContainerCreations;
  shelves: Shelves;
  targets: PoolTargets;
  max: number;
  idleTimeoutMs: number;
  /** Every few seconds. */
  onTick: () => void;
}

type Step = CreateStep | ResetStep;

/** Without a cause to look at the pool it is looked at this often, ms; also how often signs of life are asked for. */
const TICK_MS = 2000;
/** Most creations at once: more only makes each of them slower. */
const CREATIONS_MAX = 2;
/** A turn of the event loop this late says that we were the ones who slept, not the containers. */
const LATE_MS = 2000;

/** Compares what there is with what is wanted and takes the steps in between. All decisions are made by pure functions. */
export class Reconciler {
  readonly #deps: ReconcilerDeps;
  #isPlanned = false;
  #isStopped = false;
  #cancelTick: (() => void) | undefined;
  #lastTickMs = 0;
  /** Kinds of container for which the node had no memory left. */
  readonly #short = new Set<string>();

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#lastTickMs = this.#deps.clock.monotonicMs();
    this.#planTick();
    this.kick();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelTick?.();
  }

  /** Looks at the pool at the end of this turn; many causes in one turn are one look. */
  kick(): void {
    if (this.#isPlanned || this.#isStopped) return;
    this.#isPlanned = true;
    setImmediate(() => {
      this.#isPlanned = false;
      if (!this.#isStopped) this.#reconcile();
    });
  }

  /** Calls wait and there is no container to warm up, or no memory to do it. */
  noteShortage(pool: FunctionPool, cause: ServiceError | undefined): void {
    const shelf = this.#deps.shelves.of(pool.wish)?.key;
    if (cause?.code === 'CAPACITY_EXCEEDED' && shelf !== undefined) this.#short.add(shelf);
    this.kick();
  }

  /** The node has no memory left for a container of the kind. */
  noteNoCapacity(shelf: string): void {
    this.#short.add(shelf);
    this.kick();
  }

  /** Containers wanted by waiting calls, beyond the cold ones, by kind. */
  demand(): Map<string, number> {
    const wanted = new Map<string, number>();
    for (const pool of this.#deps.pools.values()) {
      const count = this.#deps.warmUps.wanted(pool);
      const shelf = count === 0 ? undefined : this.#deps.shelves.of(pool.wish)?.key;
      if (shelf !== undefined) wanted.set(shelf, (wanted.get(shelf) ?? 0) + count);
    }
    return wanted;
  }

  #planTick(): void {
    this.#cancelTick = this.#deps.clock.after(TICK_MS, () => {
      if (this.#isStopped) return;
      this.#planTick();
      this.#deps.onTick();
      this.#askForLife();
      this.#deps.resets.retry(this.#deps.view.values());
      this.#deps.pools.sweep();
      this.#reconcile();
    });
  }

  #reconcile(): void {
    const { view, targets, idleTimeoutMs } = this.#deps;
    // Before the funclet's list is known nothing can be said about what is missing.
    if (!view.hasSnapshot) return;
    const facts = [...view.values()].map((container) => this.#endingFacts(container));
    this.#take(endings(facts, { idleTimeoutMs, targets: targets.all() }));
    this.#take(this.#scale());
  }

  #take(steps: readonly Step[]): void {
    const { view, resets, creations, shelves } = this.#deps;
    for (const step of steps) {
      if (step.do === 'create') {
        const shelf = shelves.get(step.shelf);
        if (shelf !== undefined) creations.start(shelf, step.reason);
      } else {
        const container = view.get(step.containerId);
        if (container?.phase === 'attaching') creations.noteEarlyEnd(shelfKey(container.view), step.reason);
        if (container !== undefined) resets.reset(container, step.reason, step.lastEnd);
      }
    }
  }

  #scale(): Step[] {
    const { view, creations, shelves, targets, max } = this.#deps;
    const demand = this.demand();
    const facts: ShelfFacts[] = [...shelves.values()].map(({ key }) => ({
      shelf: key,
      target: targets.of(key).target,
      cold: 0,
      creating: creations.invisible(key, view),
      demanded: demand.get(key) ?? 0,
      isPausing: creations.isPausing(key),
    }));
    const byShelf = new Map(facts.map((each) => [each.shelf, each]));
    for (const { view: seen, phase } of view.values()) {
      const onShelf = byShelf.get(shelfKey(seen));
      if (onShelf === undefined) continue;
      if (phase === 'cold') onShelf.cold++;
      // After a restart of ours those in state cold dial in again: they are as good as there.
      else if (phase === 'attaching' && (seen.state === 'creating' || seen.state === 'cold')) onShelf.creating++;
    }
    const total = view.size + facts.reduce((sum, { shelf }) => sum + creations.invisible(shelf, view), 0);
    const room = this.#makeRoom(facts, total);
    return [...room, ...scale({ shelves: facts, total, max, creationsMax: CREATIONS_MAX })];
  }

  /** For calls that wait while the cap or the node's memory leaves no room. */
  #makeRoom(facts: readonly ShelfFacts[], total: number): ResetStep[] {
    const { max, shelves, view } = this.#deps;
    const minByShelf = new Map([...shelves.values()].map(({ key, min }) => [key, min]));
    const steps: ResetStep[] = [];
    for (const { shelf, demanded, creating, cold } of facts) {
      const missing = demanded - creating - cold;
      const isShort = this.#short.delete(shelf);
      const leaving = [...view.values()].filter(({ phase }) => phase === 'resetting').length;
      const wanted = isShort ? Math.max(1, demanded) : Math.min(missing, missing - (max - total) - leaving);
      if (demanded === 0 || wanted <= 0) continue;
      const candidates = this.#evictionCandidates().filter(({ containerId }) => !steps.some((step) => step.containerId === containerId));
      for (const containerId of evict({ candidates, wanted, shelf, minByShelf })) {
        steps.push({ do: 'reset', containerId, reason: `evicted: ${shelf} is waited for`, lastEnd: 'evicted' });
      }
    }
    return steps;
  }

  #evictionCandidates(): EvictionCandidate[] {
    const candidates: EvictionCandidate[] = [];
    for (const container of this.#deps.view.values()) {
      const { containerId } = container;
      const shelf = shelfKey(container.view);
      if (container.phase === 'cold') candidates.push({ containerId, shelf, state: 'cold', sinceMs: container.phaseSinceMs });
      // One whose own function has waiting calls is about to be used.
      else if (container.isIdle && container.functionPool?.line.length === 0) {
        candidates.push({ containerId, shelf, state: 'idle', sinceMs: container.lastUsedMs });
      }
    }
    return candidates;
  }

  #endingFacts(container: PoolContainer): EndingFacts {
    const nowMs = this.#deps.clock.monotonicMs();
    return {
      containerId: container.containerId,
      phase: container.phase,
      inFlight: container.inFlight,
      shelf: shelfKey(container.view),
      inPhaseMs: nowMs - container.phaseSinceMs,
      unusedMs: nowMs - container.lastUsedMs,
      isRetired: container.functionPool?.isRetired === true && container.functionPool.line.length === 0,
      silentMs: container.connection.runner?.silentMs(nowMs) ?? 0,
    };
  }

  #askForLife(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    const lateMs = nowMs - this.#lastTickMs - TICK_MS;
    const wasAsleep = lateMs > LATE_MS;
    this.#lastTickMs = nowMs;
    for (const { connection, phase } of this.#deps.view.values()) {
      // A frozen one cannot answer.
      if (phase === 'resetting' || phase === 'paused') continue;
      if (wasAsleep) connection.runner?.forgetSilence();
      connection.runner?.askForStats();
    }
    if (wasAsleep) this.#deps.logger.warn('event loop was held up', { lateMs: Math.round(lateMs) });
  }
}
