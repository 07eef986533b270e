import type { Redis } from 'ioredis';
import { TRIGGER_COUNTERS, type TriggerCounter, type TriggerProblem } from '@easyfaas/contracts/wire';
import type { Clock, Logger } from '@easyfaas/service-kit';
import { redisCall } from '../redis-connection';
import type { TriggerStatus, TriggerStatusBoard } from './trigger-status';

/*
 *   <prefix>:trigger-status:<account>:<id>   hash: a field per counter, lastError (TriggerProblem as JSON), isFailing (0, 1)
 */

const WRITE_EVERY_MS = 500;
/** Written in one turn of the event loop: each takes some hundredths of a millisecond. */
const WRITTEN_AT_ONCE = 100;

/** Not for a trigger that was deleted meanwhile: its status would stay for ever. */
const WRITE = `
if redis.call('EXISTS', KEYS[2]) == 0 then return 0 end
for at = 1, #ARGV, 3 do
  if ARGV[at] == 'by' then redis.call('HINCRBY', KEYS[1], ARGV[at + 1], ARGV[at + 2])
  else redis.call('HSET', KEYS[1], ARGV[at + 1], ARGV[at + 2]) end
end
return 1`;

interface Pending {
  accountId: string;
  triggerId: string;
  counts: Map<TriggerCounter, number>;
  problem: TriggerProblem | 'works' | undefined;
}

/** Gathers what happens and writes it twice a second. */
export class RedisTriggerStatus implements TriggerStatusBoard {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #pending = new Map<string, Pending>();
  #cancel: (() => void) | undefined;

  constructor({ redis, prefix, clock, logger }: { redis: Redis; prefix: string; clock: Clock; logger: Logger }) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#clock = clock;
    this.#logger = logger;
  }

  count(accountId: string, triggerId: string, counter: TriggerCounter, by = 1): void {
    const { counts } = this.#of(accountId, triggerId);
    counts.set(counter, (counts.get(counter) ?? 0) + by);
  }

  note(accountId: string, triggerId: string, problem: TriggerProblem | 'works'): void {
    this.#of(accountId, triggerId).problem = problem;
  }

  async read(accountId: string, triggerId: string): Promise<TriggerStatus> {
    await this.flush();
    const fields = await redisCall(() => this.#redis.hgetall(this.#key(accountId, triggerId)));
    const { lastError } = fields;
    return {
      counters: Object.fromEntries(TRIGGER_COUNTERS.map((name) => [name, Number(fields[name] ?? 0)])) as Record<TriggerCounter, number>,
      ...(lastError === undefined ? {} : { lastError: JSON.parse(lastError) as TriggerProblem }),
      isFailing: fields['isFailing'] === '1',
    };
  }

  /** Writes what has gathered. What cannot be written is kept for the next time. */
  async flush(): Promise<void> {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (let at = 0; at < pending.length; at += WRITTEN_AT_ONCE) {
      await Promise.all(pending.slice(at, at + WRITTEN_AT_ONCE).map((each) => this.#write(each)));
    }
  }

  async stop(): Promise<void> {
    this.#cancel?.();
    await this.flush();
    this.#cancel?.();
  }

  #of(accountId: string, triggerId: string): Pending {
    const name = `${accountId}:${triggerId}`;
    let pending = this.#pending.get(name);
    if (pending === undefined) {
      pending = { accountId, triggerId, counts: new Map(), problem: undefined };
      this.#pending.set(name, pending);
    }
    this.#cancel ??= this.#clock.after(WRITE_EVERY_MS, () => {
      this.#cancel = undefined;
      void this.flush();
    });
    return pending;
  }

  async #write({ accountId, triggerId, counts, problem }: Pending): Promise<void> {
    const steps: (string | number)[] = [...counts].flatMap(([counter, by]) => ['by', counter, by]);
    if (problem === 'works') steps.push('to', 'isFailing', '0');
    else if (problem !== undefined) steps.push('to', 'isFailing', '1', 'to', 'lastError', JSON.stringify(problem));
    try {
      await this.#redis.eval(WRITE, 2, this.#key(accountId, triggerId), `${this.#prefix}:trigger:${accountId}:${triggerId}`, ...steps);
    } catch (error) {
      this.#logger.debug('status of a trigger could not be written yet', { triggerId, error });
      for (const [counter, by] of counts) this.count(accountId, triggerId, counter, by);
      const kept = this.#of(accountId, triggerId);
      kept.problem ??= problem;
    }
  }

  #key(accountId: string, triggerId: string): string {
    return `${this.#prefix}:trigger-status:${accountId}:${triggerId}`;
  }
}
