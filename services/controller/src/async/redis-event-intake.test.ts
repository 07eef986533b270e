import type { Redis } from 'ioredis';
import { Failpoints, FakeClock, type Ids, type ServiceError } from '@easyfaas/service-kit';
import type { StoredFunction } from '@easyfaas/contracts/wire';
import { AsyncKeys } from './async-keys';
import { RedisEventIntake } from './redis-event-intake';

/** Of the event below. */
const BODY_HASH = 'BhcYTQ_FhFXud5mdwqINpJUB8XqHTOvyiWFUrBpZCmU';
const unplanned = (): never => {
  throw new Error('was not planned');
};

/** Redis as a connection has it that the intake talks to; answers when it is told to. */
class SlowRedis {
  readonly status = 'ready';
  readonly asked: { command: string; answer: (value: unknown) => void }[] = [];

  defineCommand(): void {
    // Scripts are the methods below.
  }

  asyncClaim = (): Promise<unknown> => this.#ask('claim');
  hget = (): Promise<unknown> => this.#ask('hget');
  hincrby = (): Promise<unknown> => this.#ask('hincrby');
  wait = (): Promise<unknown> => this.#ask('wait');
  asyncAccept = unplanned;

  #ask(command: string): Promise<unknown> {
    return new Promise((resolve) => this.asked.push({ command, answer: resolve }));
  }
}

describe('a repeated event, when replicas must have it', () => {
  it('is answered within the time for one answer, however many questions it takes', async () => {
    const clock = new FakeClock();
    const redis = new SlowRedis();
    const intake = new RedisEventIntake({
      redis: redis as unknown as Redis,
      keys: new AsyncKeys('test'),
      directory: { find: () => ({}) as StoredFunction, onChange: unplanned, onVersionDeleted: unplanned },
      clock,
      ids: { requestId: () => 'request-2' } as Ids,
      payloadLimitBytes: 1024,
      openLimit: 10,
      replicas: 1,
      rules: { check: unplanned },
      podToken: 'pod',
      failpoints: new Failpoints(),
      onAccepted: unplanned,
    });
    let failure: ServiceError | undefined;
    const event = { accountId: 'default', functionName: 'f', qualifier: '$LATEST', payload: Buffer.from('1'), source: 'api' };
    const told = intake.accept({ ...event, idempotencyKey: 'k' }).catch((error: unknown) => (failure = error as ServiceError));
    const answerNext = async (command: string, value: unknown): Promise<void> => {
      for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve));
      expect(redis.asked.map((each) => each.command)).toEqual([command]);
      clock.advance(500);
      redis.asked.shift()?.answer(value);
    };
    await answerNext('claim', ['request-1', BODY_HASH]);
    await answerNext('hget', BODY_HASH);
    await answerNext('hincrby', 1);
    for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve));
    expect(redis.asked.map((each) => each.command)).toEqual(['wait']);
    clock.advance(299);
    await new Promise((resolve) => setImmediate(resolve));
    expect(failure).toBeUndefined();
    clock.advance(1);
    await told;
    expect(failure).toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
  });
});
