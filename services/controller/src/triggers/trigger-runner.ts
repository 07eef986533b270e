import type { StoredTrigger } from '@easyfaas/contracts/wire';
import type { Clock, Logger } from '@easyfaas/service-kit';
import type { SourceTrigger, TriggerPort, TriggerSource } from './source';
import type { SourceTable } from './source-table';
import type { TriggerLeases } from './trigger-leases';
import type { TriggerChange, TriggerStore } from './trigger-store';

export interface TriggerRunnerDeps {
  store: TriggerStore;
  sources: SourceTable;
  leases: TriggerLeases;
  clock: Clock;
  logger: Logger;
  gateOf: (trigger: StoredTrigger) => TriggerPort;
  secretsOf: (trigger: StoredTrigger) => Record<string, string>;
}

/** All triggers are looked at so often, should a notice have been lost. */
const RECONCILE_EVERY_MS = 30_000;
const LEASE_MS = 15_000;
const RENEW_EVERY_MS = 5000;
/** Starts at once: each may be a connection. */
const STARTS_AT_ONCE = 32;

interface Running {
  source: TriggerSource;
  revisionId: string;
}

/**
 * Sees that on this pod exactly those triggers run that should: the enabled ones, and of those that may run once only the ones
 * that this pod has the lease of. One at a time per trigger: a change while it starts is looked at afterwards.
 */
export class TriggerRunner {
  readonly #deps: TriggerRunnerDeps;
  readonly #running = new Map<string, Running>();
  /** Triggers being looked at, and whether they have to be looked at again. */
  readonly #busy = new Map<string, { isStale: boolean }>();
  /** The triggers of which this pod tries to be the one that runs them. */
  readonly #leased = new Map<string, StoredTrigger>();
  readonly #cancels: (() => void)[] = [];
  #reconciling: Promise<void> | undefined;
  #isStopped = false;

  constructor(deps: TriggerRunnerDeps) {
    this.#deps = deps;
    deps.store.onChange((change) => this.#onChange(change));
    deps.store.onGap(() => this.#kick());
  }

  /** Settles when all that can be started was. A store that is away is tried again. */
  async start(): Promise<void> {
    this.#repeat(RECONCILE_EVERY_MS, () => this.#kick());
    this.#repeat(RENEW_EVERY_MS, () => this.#renewAll());
    await this.#reconcile();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const cancel of this.#cancels) cancel();
    await this.#reconciling;
    const leased = [...this.#leased.keys()];
    await Promise.all([...this.#running.keys()].map((triggerId) => this.#stopOne(triggerId)));
    await Promise.all(leased.map((triggerId) => this.#release(triggerId)));
  }

  /** For tests and readiness: ids of what runs here. */
  get runningIds(): string[] {
    return [...this.#running.keys()];
  }

  #repeat(everyMs: number, action: () => void): void {
    const index = this.#cancels.length;
    const next = (): void => {
      this.#cancels[index] = this.#deps.clock.after(everyMs, () => {
        action();
        next();
      });
    };
    next();
  }

  #kick(): void {
    if (!this.#isStopped) void this.#reconcile();
  }

  #reconcile(): Promise<void> {
    this.#reconciling ??= this.#reconcileOnce()
      .catch((error: unknown) => this.#deps.logger.warn('triggers could not be looked through', { error }))
      .finally(() => (this.#reconciling = undefined));
    return this.#reconciling;
  }

  async #reconcileOnce(): Promise<void> {
    const seen = new Set<string>();
    for (const source of this.#deps.sources.values()) {
      if (source.placement === 'on-request') continue;
      for await (const triggers of this.#deps.store.everyOfSource(source.kind)) {
        for (let at = 0; at < triggers.length && !this.#isStopped; at += STARTS_AT_ONCE) {
          await Promise.all(triggers.slice(at, at + STARTS_AT_ONCE).map((trigger) => this.#settle(trigger.triggerId, trigger)));
        }
        for (const { triggerId } of triggers) seen.add(triggerId);
      }
    }
    for (const triggerId of [...this.#running.keys(), ...this.#leased.keys()])
      if (!seen.has(triggerId)) await this.#settle(triggerId, undefined);
  }

  #onChange({ accountId, triggerId, source }: TriggerChange): void {
    const found = this.#deps.sources.find(source);
    if (this.#isStopped || found === undefined || found.placement === 'on-request') return;
    void this.#look(accountId, triggerId);
  }

  async #look(accountId: string, triggerId: string): Promise<void> {
    const busy = this.#busy.get(triggerId);
    if (busy !== undefined) {
      busy.isStale = true;
      return;
    }
    try {
      await this.#settle(triggerId, await this.#deps.store.get(accountId, triggerId));
    } catch (error) {
      // The next look at all of them makes up for it.
      this.#deps.logger.warn('a changed trigger could not be read', { triggerId, error });
    }
  }

  /** Makes what runs be what is wanted. */
  async #settle(triggerId: string, wanted: StoredTrigger | undefined): Promise<void> {
    if (this.#busy.has(triggerId)) return;
    const busy = { isStale: false };
    this.#busy.set(triggerId, busy);
    try {
      await this.#apply(triggerId, wanted);
    } finally {
      this.#busy.delete(triggerId);
    }
    const accountId = wanted?.accountId;
    if (busy.isStale && accountId !== undefined) await this.#look(accountId, triggerId);
  }

  async #apply(triggerId: string, wanted: StoredTrigger | undefined): Promise<void> {
    const source = wanted === undefined ? undefined : this.#deps.sources.find(wanted.source);
    if (wanted === undefined || source === undefined || !wanted.isEnabled || this.#isStopped) {
      await this.#stopOne(triggerId);
      if (this.#leased.has(triggerId)) await this.#release(triggerId);
      return;
    }
    if (source.placement === 'one-pod') {
      this.#leased.set(triggerId, wanted);
      if (!(await this.#holds(triggerId))) return this.#stopOne(triggerId);
    }
    if (this.#running.get(triggerId)?.revisionId === wanted.revisionId) return;
    await this.#stopOne(triggerId);
    await this.#startOne(source, wanted);
  }

  async #startOne(source: TriggerSource, trigger: StoredTrigger): Promise<void> {
    const { triggerId, revisionId } = trigger;
    const gate = this.#deps.gateOf(trigger);
    try {
      const open: SourceTrigger = { ...trigger, batch: trigger.batch ?? {}, secrets: this.#deps.secretsOf(trigger) };
      this.#running.set(triggerId, { source, revisionId });
      await source.start(open, gate);
    } catch (error) {
      this.#running.delete(triggerId);
      gate.fail(error);
    }
  }

  async #stopOne(triggerId: string): Promise<void> {
    const running = this.#running.get(triggerId);
    if (running === undefined) return;
    this.#running.delete(triggerId);
    try {
      await running.source.stop(triggerId);
    } catch (error) {
      this.#deps.logger.warn('a trigger did not stop as it should', { triggerId, error });
    }
  }

  #renewAll(): void {
    for (const [triggerId, trigger] of this.#leased) void this.#settle(triggerId, trigger);
  }

  /** A pod that cannot ask does not know: it goes on no longer than its lease lasts, so it stops at once. */
  async #holds(triggerId: string): Promise<boolean> {
    try {
      return await this.#deps.leases.hold(triggerId, LEASE_MS);
    } catch (error) {
      this.#deps.logger.warn('the lease of a trigger could not be renewed', { triggerId, error });
      return false;
    }
  }

  async #release(triggerId: string): Promise<void> {
    this.#leased.delete(triggerId);
    await this.#deps.leases
      .release(triggerId)
      .catch((error: unknown) => this.#deps.logger.warn('the lease of a trigger stays until it expires', { triggerId, error }));
  }
}
