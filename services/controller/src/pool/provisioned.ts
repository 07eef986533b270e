import { type Clock, type Logger, ServiceError } from '@easyfaas/service-kit';
import type { ProvisionedConcurrency, StoredFunction } from '@easyfaas/contracts/wire';
import type { FunctionDirectory } from '../functions/function-directory';
import { LATEST, VERSION_NUMBER } from '../functions/function-name';
import type { ProvisionedStore } from '../functions/provisioned-store';
import type { FunctionPool } from './function-pool';
import type { FunctionPools } from './function-pools';
import { provisionedState } from './provisioned-state';
import type { WarmUps } from './warm-ups';

export interface ProvisionedDeps {
  clock: Clock;
  logger: Logger;
  store: ProvisionedStore;
  directory: Pick<FunctionDirectory, 'find'>;
  pools: FunctionPools;
  warmUps: Pick<WarmUps, 'start'>;
  /** The funclet's list is known: containers of an earlier controller were seen. */
  isReady: () => boolean;
  /** Containers are missing that no call asks for. */
  onMissing: () => void;
}

/** One function and qualifier that is kept warm. */
interface Entry {
  accountId: string;
  functionName: string;
  qualifier: string;
  requested: number;
  lastModified: string;
  pool: FunctionPool | undefined;
  /** Why its function or version cannot be found. */
  problem: string | undefined;
  /** Starts that failed in a row, and when the next one is tried, monotonic ms. */
  failures: number;
  retryAtMs: number;
  lastFailure: object | undefined;
}

const TICK_MS = 1000;
/** Everything is read anew this often: a notice may have been lost. */
const RELOAD_TICKS = 300;
const BACK_OFF_MS = 5000;
const BACK_OFF_MAX_MS = 300_000;
/** An update of a function waits so long for its new containers before the old ones go. */
const PREPARE_MS = 30_000;
const PREPARE_POLL_MS = 50;

/** Keeps containers of functions warm on purpose: makes up for what is missing, whatever ended it. */
export class Provisioned {
  readonly #deps: ProvisionedDeps;
  readonly #entries = new Map<string, Entry>();
  #cancelTick: (() => void) | undefined;
  #isStopped = false;
  #isLoaded = false;
  #ticks = 0;

  constructor(deps: ProvisionedDeps) {
    this.#deps = deps;
  }

  start(): void {
    if (this.#isStopped) return;
    void this.#tick().finally(() => {
      this.#cancelTick = this.#deps.clock.after(TICK_MS, () => this.start());
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelTick?.();
  }

  /** The function was changed, deleted, or is kept warm in other numbers from now on. */
  async refresh(accountId: string, functionName: string): Promise<void> {
    try {
      this.#take(accountId, functionName, await this.#deps.store.get(accountId, functionName));
      await this.#maintain();
    } catch (error) {
      // The next reading of everything tries again.
      this.#isLoaded = false;
      this.#deps.logger.warn('provisioned concurrency could not be read', { functionName, error });
    }
  }

  /** Resolves when the pool has what is kept warm of its function, or cannot, or that takes too long. */
  async prepare(pool: FunctionPool): Promise<void> {
    const { clock } = this.#deps;
    await this.refresh(pool.accountId, pool.stored.configuration.FunctionName);
    const endMs = clock.monotonicMs() + PREPARE_MS;
    while (clock.monotonicMs() < endMs && !this.#isStopped && !pool.isRetired) {
      const state = provisionedState(pool.provisioned * pool.concurrency, pool);
      if (state.Status !== 'IN_PROGRESS') return;
      await new Promise<void>((resolve) => clock.after(PREPARE_POLL_MS, resolve));
    }
  }

  /** A cold container has come, or one of a function was lost. */
  kick(): void {
    if (this.#entries.size > 0) this.#fill();
  }

  view(accountId: string, functionName: string, qualifier: string): ProvisionedConcurrency | undefined {
    const entry = this.#entries.get(keyOf(accountId, functionName, qualifier));
    return entry === undefined ? undefined : { ...shown(entry), LastModified: entry.lastModified };
  }

  /** Memory that all of it needs, MB, and containers, without one of them. @param overheadMb of each container */
  total(
    except: { accountId: string; functionName: string; qualifier: string },
    overheadMb: number,
  ): { memoryMb: number; containers: number } {
    const skipped = keyOf(except.accountId, except.functionName, except.qualifier);
    let memoryMb = 0;
    let containers = 0;
    for (const [key, { requested, pool }] of this.#entries) {
      if (key === skipped || pool === undefined) continue;
      const count = Math.ceil(requested / pool.concurrency);
      containers += count;
      memoryMb += count * (pool.stored.configuration.MemorySize + overheadMb);
    }
    return { memoryMb, containers };
  }

  async #tick(): Promise<void> {
    const { logger } = this.#deps;
    try {
      if (!this.#isLoaded || this.#ticks++ % RELOAD_TICKS === 0) await this.#load();
      await this.#maintain();
    } catch (error) {
      logger.warn('provisioned concurrency could not be read', { error });
    }
  }

  async #load(): Promise<void> {
    const seen = new Set<string>();
    for await (const stored of this.#deps.store.provisioned()) {
      const { accountId, configuration } = stored;
      this.#take(accountId, configuration.FunctionName, stored);
      for (const qualifier of Object.keys(stored.provisioned ?? {})) seen.add(keyOf(accountId, configuration.FunctionName, qualifier));
    }
    for (const key of this.#entries.keys()) if (!seen.has(key)) this.#entries.delete(key);
    this.#isLoaded = true;
  }

  #take(accountId: string, functionName: string, stored: StoredFunction | undefined): void {
    const wanted = stored?.provisioned ?? {};
    for (const [key, entry] of this.#entries) {
      const isGone = entry.accountId === accountId && entry.functionName === functionName && wanted[entry.qualifier] === undefined;
      if (isGone) this.#entries.delete(key);
    }
    for (const [qualifier, { ProvisionedConcurrentExecutions: requested, LastModified: lastModified }] of Object.entries(wanted)) {
      const key = keyOf(accountId, functionName, qualifier);
      const known = this.#entries.get(key);
      if (known !== undefined) Object.assign(known, { requested, lastModified });
      else {
        const none = { pool: undefined, problem: undefined, failures: 0, retryAtMs: 0, lastFailure: undefined };
        this.#entries.set(key, { accountId, functionName, qualifier, requested, lastModified, ...none });
      }
    }
  }

  async #maintain(): Promise<void> {
    await Promise.all([...this.#entries.values()].map((entry) => this.#resolve(entry)));
    this.#count();
    this.#fill();
  }

  /** Which commit it is now. */
  async #resolve(entry: Entry): Promise<void> {
    const { store, directory, pools } = this.#deps;
    const { accountId, functionName, qualifier } = entry;
    try {
      const isNamed = qualifier !== LATEST && !VERSION_NUMBER.test(qualifier);
      // Of an alias with weights the first version is kept warm.
      const version = isNamed ? await store.versionOf(accountId, functionName, qualifier) : qualifier;
      const pool = pools.of(await directory.find(accountId, functionName, version ?? qualifier));
      if (pool !== entry.pool) Object.assign(entry, { pool, failures: 0, retryAtMs: 0 });
      entry.problem = undefined;
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      // While the store is away what was true stays true.
      if (error.code === 'FUNCTION_NOT_FOUND') Object.assign(entry, { pool: undefined, problem: error.message });
    }
  }

  /** Tells each pool how many of its containers are kept; several qualifiers can mean one commit. */
  #count(): void {
    const counts = new Map<FunctionPool, number>();
    for (const { pool, requested } of this.#entries.values()) if (pool !== undefined) counts.set(pool, (counts.get(pool) ?? 0) + requested);
    for (const pool of this.#deps.pools.values()) pool.provisioned = Math.ceil((counts.get(pool) ?? 0) / pool.concurrency);
  }

  #fill(): void {
    if (!this.#deps.isReady()) return;
    const nowMs = this.#deps.clock.monotonicMs();
    for (const entry of this.#entries.values()) {
      const { pool } = entry;
      if (pool === undefined) continue;
      this.#noteFailure(entry, pool, nowMs);
      pool.missing = nowMs < entry.retryAtMs ? 0 : Math.max(0, pool.provisioned - pool.alive);
      while (pool.missing > 0 && this.#deps.warmUps.start(pool)) pool.missing--;
      if (pool.missing > 0) this.#deps.onMissing();
    }
  }

  /** A function that cannot be started is tried less and less often: each try costs a container. */
  #noteFailure(entry: Entry, pool: FunctionPool, nowMs: number): void {
    const { startFailure } = pool;
    if (startFailure === undefined) {
      if (pool.warm > 0) entry.failures = 0;
      return;
    }
    if (startFailure === entry.lastFailure) return;
    entry.lastFailure = startFailure;
    entry.retryAtMs = nowMs + Math.min(BACK_OFF_MAX_MS, BACK_OFF_MS * 2 ** entry.failures++);
  }
}

function shown({ requested, pool, problem }: Entry): Omit<ProvisionedConcurrency, 'LastModified'> {
  if (pool === undefined)
    return { ...provisionedState(requested, undefined), ...(problem === undefined ? {} : { Status: 'FAILED', StatusReason: problem }) };
  return provisionedState(requested, pool);
}

function keyOf(accountId: string, functionName: string, qualifier: string): string {
  return `${accountId}/${functionName}/${qualifier}`;
}
