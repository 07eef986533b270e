import type { Clock, Logger } from '@easyfaas/service-kit';
import type { ContainerCreations } from './container-creations';
import type { ContainerResets } from './container-resets';
import { type EndingFacts, type EndingStep, endings } from './endings';
import type { FairSharing } from './fair-sharing';
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
  /** Of a warm container, ms; Infinity for no limit. */
  maxAgeMs: number;
  sharing: Pick<FairSharing, 'makeRoom'>;
  /** Before others have to give way for waiting calls: some may go elsewhere. */
  relieve: () => void;
  /** Every few seconds. */
  onTick: () => void;
}

type Step = CreateStep | EndingStep;

/** Without a cause to look at the pool it is looked at this often, ms. */
const TICK_MS = 2000;
/** Containers that no call waits for are made after a cold call, not beside it: Docker's work takes both processors. At most so much later, ms. */
const COLD_CALL_MS = 40;
/** A container that is made for so long is not waited for before others are made, ms. */
const SLOW_MAKING_MS = 1000;
/** Most creations at once: more only makes each of them slower. */
const CREATIONS_MAX = 2;

/** Compares what there is with what is wanted and takes the steps in between. All decisions are made by pure functions. */
export class Reconciler {
  readonly #deps: ReconcilerDeps;
  #isPlanned = false;
  #isLookPlanned = false;
  #isStopped = false;
  #cancelTick: (() => void) | undefined;

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps;
  }

  start(): void {
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

  /** Containers wanted by waiting calls, or kept warm and missing, beyond the cold ones, by kind. */
  demand(): Map<string, number> {
    const wanted = new Map<string, number>();
    for (const pool of this.#deps.pools.values()) {
      // It lacks memory, not a container: one more would take what is being freed for it.
      if (isShort(pool) && this.#deps.view.chooseCold(pool.wish) !== undefined) continue;
      const count = Math.max(this.#deps.warmUps.wanted(pool), pool.missing);
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
      this.#deps.resets.retry(this.#deps.view.values());
      this.#deps.pools.sweep();
      this.#reconcile();
    });
  }

  #reconcile(): void {
    const { view, targets, idleTimeoutMs, maxAgeMs, relieve } = this.#deps;
    // Before the funclet's list is known nothing can be said about what is missing.
    if (!view.hasSnapshot) return;
    const facts = [...view.values()].map((container) => this.#endingFacts(container));
    this.#take(endings(facts, { idleTimeoutMs, maxAgeMs, targets: targets.all() }));
    relieve();
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
        if (container === undefined) continue;
        if (step.do === 'drain') container.drain(step.reason, step.lastEnd);
        else resets.reset(container, step.reason, step.lastEnd);
      }
    }
  }

  #scale(): Step[] {
    const { view, creations, shelves, targets, max, sharing } = this.#deps;
    const demand = this.demand();
    const isHeldBack = this.#isColdCallUnderWay();
    const isMemoryShort = [...this.#deps.pools.values()].some(isShort);
    const facts: ShelfFacts[] = [...shelves.values()].map(({ key }) => ({
      shelf: key,
      // What is freed for calls that wait is not for calls that may come.
      target: isMemoryShort || isHeldBack ? 0 : targets.of(key).target,
      cold: 0,
      creating: creations.invisible(key, view),
      demanded: demand.get(key) ?? 0,
      isPausing: creations.isPausing(key),
    }));
    const byShelf = new Map(facts.map((each) => [each.shelf, each]));
    const slowSinceMs = this.#deps.clock.monotonicMs() - SLOW_MAKING_MS;
    let isMakingSlow = false;
    for (const { view: seen, phase, phaseSinceMs } of view.values()) {
      const onShelf = byShelf.get(shelfKey(seen));
      if (onShelf === undefined) continue;
      if (phase === 'cold') onShelf.cold++;
      // After a restart of ours those in state cold dial in again: they are as good as there.
      else if (phase === 'attaching' && (seen.state === 'creating' || seen.state === 'cold')) {
        onShelf.creating++;
        isMakingSlow ||= phaseSinceMs < slowSinceMs;
      }
    }
    const total = view.size + facts.reduce((sum, { shelf }) => sum + creations.invisible(shelf, view), 0);
    const coming = new Map(facts.map(({ shelf, cold, creating }) => [shelf, cold + creating]));
    const room = sharing.makeRoom(max - total, coming);
    return [...room, ...scale({ shelves: facts, total, max, creationsMax: CREATIONS_MAX, isMakingSlow })];
  }

  /** And if so, looks again: when it has its container, or soon. */
  #isColdCallUnderWay(): boolean {
    const { clock, view } = this.#deps;
    const sinceMs = clock.monotonicMs() - COLD_CALL_MS;
    for (const { phase, phaseSinceMs } of view.values()) {
      if ((phase !== 'warming' && phase !== 'loading') || phaseSinceMs < sinceMs) continue;
      if (!this.#isLookPlanned) {
        this.#isLookPlanned = true;
        clock.after(COLD_CALL_MS, () => {
          this.#isLookPlanned = false;
          this.kick();
        });
      }
      return true;
    }
    return false;
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
      ageMs: nowMs - container.loadedAtMs,
      isKept: container.functionPool?.isKept(container) === true,
      isRetired: container.functionPool?.isRetired === true && container.functionPool.line.length === 0,
    };
  }
}

/** Its calls wait for memory of the node. */
function isShort({ missingMb, line }: FunctionPool): boolean {
  return missingMb > 0 && line.length > 0;
}
