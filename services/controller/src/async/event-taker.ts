import type { Clock } from '@easyfaas/service-kit';
import type { EventMemory } from './event-memory';
import type { RedisEventStore, Taken } from './redis-event-store';

export interface EventTakerDeps {
  clock: Clock;
  store: Pick<RedisEventStore, 'take'>;
  memory: Pick<EventMemory, 'reserve' | 'give'>;
  /** Makes a token that nobody else has. */
  newToken: () => string;
  /** Bytes of the largest payload of an event. */
  payloadLimitBytes: number;
}

/** Events of one command: Redis does nothing else meanwhile. */
export const TAKEN_TOGETHER = 64;

/** Asks for events while there is memory for their payloads, which whoever lets them go gives back. */
export class EventTaker {
  readonly #deps: EventTakerDeps;
  #underWay = 0;

  constructor(deps: EventTakerDeps) {
    this.#deps = deps;
  }

  /** Commands that have not been answered. */
  get underWay(): number {
    return this.#underWay;
  }

  /**
   * @param count at most {@link TAKEN_TOGETHER}; @param isFirst none of the function's events is running here
   * @returns nothing when there is no memory now @throws what the store throws
   */
  take(accountId: string, functionName: string, count: number, isFirst: boolean): Promise<Taken> | undefined {
    const { memory } = this.#deps;
    const bytes = memory.reserve(isFirst);
    return bytes === 0 ? undefined : this.#ask(accountId, functionName, count, bytes);
  }

  async #ask(accountId: string, functionName: string, count: number, bytes: number): Promise<Taken> {
    const { store, memory, newToken, clock, payloadLimitBytes } = this.#deps;
    const tokens = Array.from({ length: count }, newToken);
    let takenBytes = 0;
    this.#underWay++;
    try {
      // The last one goes beyond, by one payload at most.
      const taken = await store.take(accountId, functionName, tokens, clock.wallMs(), Math.max(0, bytes - payloadLimitBytes));
      for (const { state } of taken.events) takenBytes += state?.payload.length ?? 0;
      return taken;
    } finally {
      this.#underWay--;
      memory.give(bytes - takenBytes);
    }
  }
}
