import { type Clock, type Logger, asServiceError } from '@easyfaas/service-kit';
import type { PodCapacity, PodLease } from '@easyfaas/contracts/wire';
import type { PodCandidate } from './choose-pod';
import { ONLY_POD, type PodPlace, placeOf } from './limit-share';
import { podKeyProblem } from './pod-key';
import type { RedisPodRegistry, RegistryAnswer } from './redis-pod-registry';

export interface PodMembershipOptions {
  registry: Pick<RedisPodRegistry, 'refresh' | 'leave'>;
  clock: Clock;
  logger: Logger;
  identity: Pick<PodLease, 'podId' | 'bootId' | 'address' | 'version' | 'startedAtMs'>;
  home: string;
  /** Of the key file; undefined: the pods agree on one in Redis. */
  fileKey: Buffer | undefined;
  newKey: () => Buffer;
  capacity: () => Promise<PodCapacity>;
  isDraining: () => boolean;
}

export const REFRESH_MS = 2000;
/** Without an answer of Redis the others are believed for so long: about as long as they believe us. */
const VIEW_MS = 8000;
/** A pod that did not answer is left alone for so long. */
const SHUN_MS = 5000;

interface Known {
  lease: PodLease;
  sent: number;
}

/** This pod's lease, kept alive, and the others' as they were at the last refresh. */
export class PodMembership {
  readonly #options: PodMembershipOptions;
  readonly #placeListeners: ((place: PodPlace) => void)[] = [];
  readonly #shunnedUntilMs = new Map<string, number>();
  #others = new Map<string, Known>();
  #seenAtMs = -Infinity;
  /** Redis's clock minus our monotonic one. */
  #offsetMs = 0;
  #key: Buffer | undefined;
  #lease: PodLease | undefined;
  #problem: string | undefined = 'The lease has not been written yet.';
  #isStopped = false;
  #cancel: () => void = () => undefined;

  constructor(options: PodMembershipOptions) {
    this.#options = options;
    this.#key = options.fileKey;
  }

  /** Writes the first lease. @throws Error when the pods' key in Redis cannot be used: signatures would be worth nothing */
  async start(): Promise<void> {
    const problem = await this.#refresh();
    if (problem === 'key') throw new Error(this.#problem);
    this.#plan();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel();
    if (this.#lease === undefined) return;
    try {
      await this.#options.registry.leave(this.#lease);
    } catch (error) {
      // It expires by itself.
      this.#options.logger.warn('lease was not given back', { error });
    }
  }

  /** Why this pod is not in touch with others; undefined when all is well. */
  get problem(): string | undefined {
    return this.#problem;
  }

  get self(): PodLease | undefined {
    return this.#lease;
  }

  /** With which pods sign; undefined until it is known. */
  get key(): Buffer | undefined {
    return this.#key;
  }

  /** Redis's clock, ms since the epoch: one for all pods. */
  nowMs(): number {
    return this.#offsetMs + this.#options.clock.monotonicMs();
  }

  /** Other pods that live, as far as is known, in no order. */
  get others(): PodLease[] {
    return this.#isViewOld() ? [] : [...this.#others.values()].map(({ lease }) => lease);
  }

  /** Those that may be sent something now. */
  candidates(): PodCandidate[] {
    if (this.#others.size === 0 || this.#key === undefined || this.#isViewOld()) return [];
    const nowMs = this.#options.clock.monotonicMs();
    return [...this.#others.values()].filter(({ lease }) => (this.#shunnedUntilMs.get(lease.podId) ?? 0) <= nowMs);
  }

  /**
   * A call is on its way to a pod, whose lease does not tell yet.
   * @param containers that it takes there, a part of one where several calls share it
   * @returns to be called when it has ended
   */
  noteSent(podId: string, containers: number): () => void {
    const known = this.#others.get(podId);
    if (known === undefined) return () => undefined;
    known.sent += containers;
    // When the lease was written anew since, nobody counts with this one any more.
    return () => {
      known.sent -= containers;
    };
  }

  noteUnreachable(podId: string): void {
    this.#shunnedUntilMs.set(podId, this.#options.clock.monotonicMs() + SHUN_MS);
  }

  /** Told after each refresh. While Redis is silent the place stays: the others may live, and use their part. */
  onRefresh(listener: (place: PodPlace) => void): void {
    this.#placeListeners.push(listener);
  }

  #isViewOld(): boolean {
    return this.#options.clock.monotonicMs() - this.#seenAtMs > VIEW_MS;
  }

  #plan(): void {
    this.#cancel = this.#options.clock.after(REFRESH_MS, () => {
      void this.#refresh().then(() => {
        if (!this.#isStopped) this.#plan();
      });
    });
  }

  async #refresh(): Promise<'key' | 'other' | undefined> {
    const { registry, identity, home, fileKey, newKey, capacity, isDraining } = this.#options;
    try {
      const lease: PodLease = { ...identity, isDraining: isDraining(), capacity: await capacity() };
      const keyCandidate = fileKey === undefined ? (this.#key ?? newKey()).toString('hex') : undefined;
      const answer = await registry.refresh({ lease, home, keyCandidate });
      if (answer === 'taken')
        return this.#fail(`Another pod lives under the id ${identity.podId}; give each an EASYFAAS_POD_ID of its own.`);
      return this.#take(lease, answer);
    } catch (error) {
      return this.#fail(`The lease could not be refreshed: ${asServiceError(error).message}`, error);
    }
  }

  #take(lease: PodLease, { nowMs, others, key }: RegistryAnswer): 'key' | undefined {
    if (this.#isStopped) return undefined;
    if (key !== undefined) {
      const problem = podKeyProblem(key);
      this.#key = problem === undefined ? Buffer.from(key, 'hex') : undefined;
      if (problem !== undefined) {
        this.#fail(`The key of the pods in Redis ${problem}; delete it, and a new one is made.`);
        return 'key';
      }
    }
    const monotonicMs = this.#options.clock.monotonicMs();
    this.#lease = lease;
    this.#offsetMs = nowMs - monotonicMs;
    this.#seenAtMs = monotonicMs;
    this.#note(others);
    if (this.#problem !== undefined) this.#options.logger.info('pod registered', { podId: lease.podId, address: lease.address });
    this.#problem = undefined;
    const working = others.filter(({ isDraining }) => !isDraining).map(({ podId }) => podId);
    this.#tell(lease.isDraining ? ONLY_POD : placeOf(lease.podId, [lease.podId, ...working]));
    return undefined;
  }

  #note(others: readonly PodLease[]): void {
    const { logger } = this.#options;
    const before = this.#others;
    this.#others = new Map(others.map((lease) => [lease.podId, { lease, sent: 0 }]));
    for (const { podId, bootId, address } of others) {
      if (before.get(podId)?.lease.bootId === bootId) continue;
      this.#shunnedUntilMs.delete(podId);
      logger.info('pod seen', { pod: podId, address });
    }
    for (const podId of before.keys()) if (!this.#others.has(podId)) logger.warn('pod gone', { pod: podId });
  }

  #tell(place: PodPlace): void {
    for (const listener of this.#placeListeners) listener(place);
  }

  /** One line per situation, not one every two seconds. */
  #fail(problem: string, error?: unknown): 'other' {
    if (this.#problem !== problem) this.#options.logger.warn('pod is on its own', { problem, error });
    this.#problem = problem;
    return 'other';
  }
}
