import type { Clock, Logger, ServiceError } from '@easyfaas/service-kit';
import type { ContainerCreations } from './container-creations';
import type { ContainerResets } from './container-resets';
import { type EndingFacts, type ResetStep, endings } from './endings';
import { type EvictionCandidate, evict } from './evict';
import type { FunctionPool } from './function-pool';
import type { FunctionPools } from './function-pools';
import type { PoolContainer } from './container';
import type { PoolView } from './pool-view';
import { type CreateStep, type RuntimeFacts, scale } from './scale';
import type { WarmUps } from './warm-ups';

export interface ReconcilerDeps {
  clock: Clock;
  logger: Logger;
  view: PoolView;
  pools: FunctionPools;
  warmUps: WarmUps;
  resets: ContainerResets;
  creations: ContainerCreations;
  minByRuntime: ReadonlyMap<string, number>;
  max: number;
  idleTimeoutMs: number;
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
  /** Runtimes for which the node had no memory left. */
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
    if (cause?.code === 'CAPACITY_EXCEEDED') this.#short.add(pool.stored.configuration.Runtime);
    this.kick();
  }

  /** The node has no memory left for a container of the runtime. */
  noteNoCapacity(runtime: string): void {
    this.#short.add(runtime);
    this.kick();
  }

  /** Containers wanted by waiting calls, beyond the cold ones, by runtime. */
  demand(): Map<string, number> {
    const wanted = new Map<string, number>();
    for (const pool of this.#deps.pools.values()) {
      const count = this.#deps.warmUps.wanted(pool);
      if (count === 0) continue;
      const { Runtime } = pool.stored.configuration;
      wanted.set(Runtime, (wanted.get(Runtime) ?? 0) + count);
    }
    return wanted;
  }

  #planTick(): void {
    this.#cancelTick = this.#deps.clock.after(TICK_MS, () => {
      if (this.#isStopped) return;
      this.#planTick();
      this.#askForLife();
      this.#deps.resets.retry(this.#deps.view.values());
      this.#deps.pools.sweep();
      this.#reconcile();
    });
  }

  #reconcile(): void {
    const { view, minByRuntime, idleTimeoutMs } = this.#deps;
    // Before the funclet's list is known nothing can be said about what is missing.
    if (!view.hasSnapshot) return;
    const facts = [...view.values()].map((container) => this.#endingFacts(container));
    this.#take(endings(facts, { idleTimeoutMs, minByRuntime }));
    this.#take(this.#scale());
  }

  #take(steps: readonly Step[]): void {
    const { view, resets, creations } = this.#deps;
    for (const step of steps) {
      if (step.do === 'create') creations.start(step.runtime, step.reason);
      else {
        const container = view.get(step.containerId);
        if (container?.phase === 'attaching') creations.noteEarlyEnd(container.view.runtime, step.reason);
        if (container !== undefined) resets.reset(container, step.reason, step.lastEnd);
      }
    }
  }

  #scale(): Step[] {
    const { view, creations, minByRuntime, max } = this.#deps;
    const demand = this.demand();
    const runtimes: RuntimeFacts[] = [...minByRuntime].map(([runtime, min]) => ({
      runtime,
      min,
      cold: 0,
      creating: creations.invisible(runtime, view),
      demanded: demand.get(runtime) ?? 0,
      isPausing: creations.isPausing(runtime),
    }));
    const byName = new Map(runtimes.map((facts) => [facts.runtime, facts]));
    for (const { view: seen, phase } of view.values()) {
      const facts = byName.get(seen.runtime);
      if (facts === undefined) continue;
      if (phase === 'cold') facts.cold++;
      // After a restart of ours those in state cold dial in again: they are as good as there.
      else if (phase === 'attaching' && (seen.state === 'creating' || seen.state === 'cold')) facts.creating++;
    }
    const total = view.size + runtimes.reduce((sum, { runtime }) => sum + creations.invisible(runtime, view), 0);
    const room = this.#makeRoom(runtimes, total);
    return [...room, ...scale({ runtimes, total, max, creationsMax: CREATIONS_MAX })];
  }

  /** For calls that wait while the cap or the node's memory leaves no room. */
  #makeRoom(runtimes: readonly RuntimeFacts[], total: number): ResetStep[] {
    const { max, minByRuntime, view } = this.#deps;
    const steps: ResetStep[] = [];
    for (const { runtime, demanded, creating, cold } of runtimes) {
      const missing = demanded - creating - cold;
      const isShort = this.#short.delete(runtime);
      const leaving = [...view.values()].filter(({ phase }) => phase === 'resetting').length;
      const wanted = isShort ? Math.max(1, demanded) : Math.min(missing, missing - (max - total) - leaving);
      if (demanded === 0 || wanted <= 0) continue;
      const candidates = this.#evictionCandidates().filter(({ containerId }) => !steps.some((step) => step.containerId === containerId));
      for (const containerId of evict({ candidates, wanted, runtime, minByRuntime })) {
        steps.push({ do: 'reset', containerId, reason: `evicted: ${runtime} is waited for`, lastEnd: 'evicted' });
      }
    }
    return steps;
  }

  #evictionCandidates(): EvictionCandidate[] {
    const candidates: EvictionCandidate[] = [];
    for (const container of this.#deps.view.values()) {
      const { containerId } = container;
      const { runtime } = container.view;
      if (container.phase === 'cold') candidates.push({ containerId, runtime, state: 'cold', sinceMs: container.phaseSinceMs });
      // One whose own function has waiting calls is about to be used.
      else if (container.isIdle && container.functionPool?.line.length === 0) {
        candidates.push({ containerId, runtime, state: 'idle', sinceMs: container.lastUsedMs });
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
      runtime: container.view.runtime,
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
      if (phase === 'resetting') continue;
      if (wasAsleep) connection.runner?.forgetSilence();
      connection.runner?.askForStats();
    }
    if (wasAsleep) this.#deps.logger.warn('event loop was held up', { lateMs: Math.round(lateMs) });
  }
}
