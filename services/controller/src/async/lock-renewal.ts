import type { Clock, Logger } from '@easyfaas/service-kit';
import { LOCK_MS, type RedisEventQueues } from './redis-event-queues';
import type { TakenEvent } from './redis-event-store';

export interface LockRenewalDeps {
  clock: Clock;
  logger: Logger;
  queues: Pick<RedisEventQueues, 'renew'>;
}

type Held = Pick<TakenEvent, 'accountId' | 'functionName' | 'requestId' | 'token'>;

const RENEW_MS = LOCK_MS / 3;

/** Holds on to the events that are run here, a command per function. */
export class LockRenewal {
  readonly #deps: LockRenewalDeps;
  readonly #held: () => Iterable<Held>;
  #cancel: (() => void) | undefined;

  /** @param held what is run here now */
  constructor(deps: LockRenewalDeps, held: () => Iterable<Held>) {
    this.#deps = deps;
    this.#held = held;
  }

  start(): void {
    this.#cancel = this.#deps.clock.after(RENEW_MS, () => {
      void this.#renew().finally(() => {
        if (this.#cancel !== undefined) this.start();
      });
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Never rejects: a lock that could not be renewed may be lost, which its settlement will notice. */
  async #renew(): Promise<void> {
    const byFunction = new Map<string, Held[]>();
    for (const held of this.#held()) {
      const key = `${held.accountId}.${held.functionName}`;
      const others = byFunction.get(key);
      if (others === undefined) byFunction.set(key, [held]);
      else others.push(held);
    }
    await Promise.all([...byFunction.values()].map((held) => this.#renewFunction(held)));
  }

  async #renewFunction(asked: readonly Held[]): Promise<void> {
    const { queues, logger } = this.#deps;
    const { accountId = '', functionName = '' } = asked[0] ?? {};
    try {
      const lost = await queues.renew(accountId, functionName, asked);
      if (lost.length === 0) return;
      // What has ended meanwhile has no lock either.
      await new Promise((resolve) => setImmediate(resolve));
      const held = new Set(Array.from(this.#held(), ({ requestId }) => requestId));
      const requestIds = lost.filter((requestId) => held.has(requestId));
      if (requestIds.length > 0) logger.warn('the hold on events was lost', { functionName, requestIds });
    } catch (error) {
      logger.debug('the hold on events could not be renewed', { functionName, error });
    }
  }
}
