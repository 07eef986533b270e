import { queueCall, queueFailure } from './async-redis';

/** How long replicas have, ms: part of the promise of an answer within 2 s. */
const REPLICAS_MS = 1000;

export interface ReplicatedWritesOptions {
  /** The connection that the writes go over: Redis answers only for what its asker wrote. */
  redis: { wait: (replicas: number, timeoutMs: number) => Promise<number> };
  /** That must have a write before it counts; 0 asks none. */
  replicas: number;
}

/** Writes that count when enough replicas of Redis have them. */
export class ReplicatedWrites {
  readonly #options: ReplicatedWritesOptions;
  /** Writes whose end is not known yet. */
  #underWay = 0;
  /** The last answer was that replicas are missing. */
  #isShort = false;

  constructor(options: ReplicatedWritesOptions) {
    this.#options = options;
  }

  /**
   * Writes, and settles when enough replicas have it. While replicas are missing one write at a time finds out whether they are back, and
   * all others fail at once: a WAIT that is not met holds up its connection for a second, and a line of them would for as many.
   * @throws ServiceError QUEUE_UNAVAILABLE, and whatever `write` throws
   */
  async write<T>(write: () => Promise<T>): Promise<T> {
    const { redis, replicas } = this.#options;
    if (replicas === 0) return write();
    if (this.#isShort && this.#underWay > 0) throw queueFailure(new Error(`fewer than ${replicas} replicas answer`));
    this.#underWay += 1;
    try {
      // Asked behind the answer and not beside the write: ioredis sends a script anew that Redis turns out not to know, behind what was sent meanwhile.
      const answer = await write();
      const count = await queueCall(() => redis.wait(replicas, REPLICAS_MS));
      this.#isShort = count < replicas;
      if (this.#isShort) throw queueFailure(new Error(`${count} of ${replicas} replicas have it after ${REPLICAS_MS} ms`));
      return answer;
    } finally {
      this.#underWay -= 1;
    }
  }
}
