import type { StoredTrigger } from '@easyfaas/contracts/wire';
import type { Clock, Logger } from '@easyfaas/service-kit';
import { RevalidatingCache } from '../../revalidating-cache';
import type { TriggerPort } from '../source';
import type { TriggerStore } from '../trigger-store';

/** A trigger that is asked for by requests, with its secrets open. */
export interface OpenTrigger {
  trigger: StoredTrigger;
  secrets: Readonly<Record<string, string>>;
  port: TriggerPort;
}

export interface OpenTriggersDeps {
  store: TriggerStore;
  secretsOf: (trigger: StoredTrigger) => Record<string, string>;
  gateOf: (trigger: StoredTrigger) => TriggerPort;
  clock: Clock;
  logger: Logger;
}

/** Triggers by their id, in memory. */
export class OpenTriggers {
  readonly #cache: RevalidatingCache<OpenTrigger>;

  constructor({ store, secretsOf, gateOf, clock, logger }: OpenTriggersDeps) {
    this.#cache = new RevalidatingCache<OpenTrigger>({
      load: async (name) => {
        const at = name.indexOf(':');
        const trigger = await store.get(name.slice(0, at), name.slice(at + 1));
        return trigger === undefined ? undefined : { trigger, secrets: secretsOf(trigger), port: gateOf(trigger) };
      },
      clock,
      freshMs: 30_000,
      graceMs: 60_000,
      negativeMs: 1000,
      outageMs: 3_600_000,
      capacity: 10_000,
      onBackgroundError: (error) => logger.warn('a trigger could not be read again', { error }),
    });
    store.onChange(({ accountId, triggerId }) => this.#cache.invalidate(`${accountId}:${triggerId}`));
    store.onGap(() => this.#cache.expireAll());
  }

  /** @returns undefined when there is none of this source */
  async find(source: string, accountId: string, triggerId: string): Promise<OpenTrigger | undefined> {
    if (!/^[a-z0-9]{8,32}$/.test(triggerId)) return undefined;
    const found = await this.#cache.get(`${accountId}:${triggerId}`);
    return found?.trigger.source === source ? found : undefined;
  }
}
