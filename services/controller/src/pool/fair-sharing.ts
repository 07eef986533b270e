import type { Clock, ServiceError } from '@easyfaas/service-kit';
import { type ColdReason, LIMITS } from '@easyfaas/contracts/wire';
import type { PoolContainer } from './container';
import type { FunctionPool } from './function-pool';
import type { FunctionPools } from './function-pools';
import { type Holding, type RoomCandidate, type RoomClaim, type RoomStep, containerUsage, makeRoom } from './make-room';
import { missingMb } from './missing-mb';
import type { PoolView } from './pool-view';
import { serveFairly } from './serve-fairly';
import { type Shelves, shelfKey } from './shelves';
import type { FunctionOfAccount } from './usage';
import { UsedUp } from './used-up';
import type { WarmUps } from './warm-ups';

export interface FairSharingDeps {
  clock: Clock;
  view: Pick<PoolView, 'values'>;
  pools: Pick<FunctionPools, 'values'>;
  warmUps: Pick<WarmUps, 'wanted' | 'start'>;
  shelves: Shelves;
  /** Weights of accounts that have another one than 1. */
  weights: ReadonlyMap<string, number>;
}

interface PoolClaim extends RoomClaim {
  pool: FunctionPool;
}

/** Ends that are the function's own doing, and cost the pool a container each. */
const SPOILT: ReadonlySet<ColdReason> = new Set<ColdReason>(['unhealthy', 'version changed', 'max calls']);

/** A draining container is counted on for so long, ms: one with a long call in it must not keep others from being drained. */
const DRAIN_MS = 2000;

/** Shares the pool out among accounts and functions whose calls wait; the rules are in {@link serveFairly} and {@link makeRoom}. */
export class FairSharing {
  readonly #deps: FairSharingDeps;
  readonly #usedUp = new UsedUp();
  /** What the node lacked for a container of the kind when one could not be made, MB; until room was made for it once. */
  readonly #missingMb = new Map<string, number>();

  constructor(deps: FairSharingDeps) {
    this.#deps = deps;
  }

  /** A function's container has ended. */
  noteEnd(pool: FunctionPool, lastEnd: ColdReason): void {
    if (SPOILT.has(lastEnd)) this.#usedUp.note(functionOf(pool), this.#deps.clock.monotonicMs());
  }

  /** The node has no memory for one more container of the kind. */
  noteNoCapacity(shelf: string, error: ServiceError): void {
    this.#missingMb.set(shelf, missingMb(error) ?? LIMITS.memoryMbMin);
  }

  /** There are cold containers: gives them to those who wait. */
  serveWaiting(): void {
    const { warmUps } = this.#deps;
    const holdings = this.#holdings();
    const claims = this.#claims();
    if (claims.length === 0) return;
    const usage = containerUsage(holdings, this.#usedUp.counts(this.#deps.clock.monotonicMs()), this.#deps.weights);
    serveFairly(claims, usage, ({ pool }) => warmUps.start(pool));
  }

  /** Memory has come free: what was refused for want of it is tried again at once, in turn. */
  serveShort(): void {
    const { pools } = this.#deps;
    for (const pool of pools.values()) if (pool.missingMb > 0) pool.retryAtMs = 0;
    this.serveWaiting();
  }

  /**
   * @param room containers that may still be made under the pool's cap
   * @param comingByShelf cold containers and those on their way there
   */
  makeRoom(room: number, comingByShelf: ReadonlyMap<string, number>): RoomStep[] {
    const { clock, view, shelves, weights } = this.#deps;
    const holdings = this.#holdings();
    const claims = this.#claims().filter(({ shelf }) => shelf !== '');
    const missing = new Map(this.#missingMb);
    this.#missingMb.clear();
    if (claims.length === 0) return [];
    for (const claim of claims) claim.missingMb = Math.max(claim.missingMb, missing.get(claim.shelf) ?? 0);
    const nowMs = clock.monotonicMs();
    const containers = [...view.values()];
    const leaving = containers.filter(({ phase }) => phase === 'resetting' || phase === 'draining');
    return makeRoom({
      claims,
      candidates: containers.flatMap((container) => candidateOf(container)),
      holdings,
      weights,
      comingByShelf,
      minByShelf: new Map([...shelves.values()].map(({ key, min }) => [key, min])),
      room: room + leaving.filter(({ phase }) => phase === 'resetting').length,
      draining: leaving.filter(({ phase, phaseSinceMs }) => phase === 'draining' && nowMs - phaseSinceMs < DRAIN_MS).length,
      leavingMb: leaving.reduce((sum, { view: { memoryMb } }) => sum + memoryMb, 0),
      usedUp: this.#usedUp.counts(nowMs),
      nowMs,
    });
  }

  #claims(): PoolClaim[] {
    const claims: PoolClaim[] = [];
    const { pools, warmUps, shelves } = this.#deps;
    for (const pool of pools.values()) {
      if (pool.line.length === 0) continue;
      const wanted = warmUps.wanted(pool);
      if (wanted === 0) continue;
      const { Runtime: runtime, MemorySize: memoryMb } = pool.stored.configuration;
      // One that cannot be made may still be there.
      const shelf = shelves.of(pool.wish)?.key ?? '';
      // Who has just given its container to another one has waited for nothing yet.
      const waitingSinceMs = Math.max(pool.line.first()?.waitingSinceMs ?? Infinity, pool.share.lastHeldMs ?? 0);
      claims.push({
        ...functionOf(pool),
        pool,
        runtime,
        shelf,
        memoryMb,
        wanted,
        waitingSinceMs,
        missingMb: pool.missingMb,
        lacksCpu: pool.lacksCpu,
      });
    }
    return claims;
  }

  #holdings(): Holding[] {
    const holdings: Holding[] = [];
    const nowMs = this.#deps.clock.monotonicMs();
    for (const { functionPool, phase, view } of this.#deps.view.values()) {
      // What is draining or being reset helps its function no more.
      if (functionPool === undefined || phase === 'draining' || phase === 'resetting') continue;
      functionPool.share.lastHeldMs = nowMs;
      holdings.push({ ...functionOf(functionPool), memoryMb: Math.max(view.memoryMb, functionPool.stored.configuration.MemorySize) });
    }
    return holdings;
  }
}

function functionOf({ accountId, stored }: FunctionPool): FunctionOfAccount {
  return { accountId, functionName: stored.configuration.FunctionName };
}

function candidateOf(container: PoolContainer): RoomCandidate[] {
  const { containerId, functionPool, phase, inFlight } = container;
  const { memoryMb } = container.view;
  const facts = { containerId, shelf: shelfKey(container.view), inFlight, memoryMb, heldSinceMs: container.loadedAtMs };
  if (phase === 'cold') return [{ ...facts, state: 'cold', sinceMs: container.phaseSinceMs }];
  if ((phase !== 'warm' && phase !== 'paused') || functionPool === undefined) return [];
  // Kept warm on purpose, and paid for.
  if (functionPool.isKept(container)) return [];
  // An idle one whose own function has waiting calls is about to be used.
  if (inFlight === 0 && functionPool.line.length > 0) return [];
  return [{ ...facts, state: inFlight === 0 ? 'idle' : 'busy', sinceMs: container.lastUsedMs, owner: functionOf(functionPool) }];
}
