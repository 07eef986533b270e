import { Failpoints, ServiceError, silentLogger, systemClock, systemIds } from '@easyfaas/service-kit';
import type { StoredFunction } from '@easyfaas/contracts/wire';
import { AsyncKeys } from '../src/async/async-keys';
import { UrlRules } from '../src/async/destinations/url-rules';
import type { NewEvent } from '../src/async/event-intake';
import { RedisEventIntake } from '../src/async/redis-event-intake';
import { RedisEventQueues } from '../src/async/redis-event-queues';
import { RedisEventStore, type Settlement } from '../src/async/redis-event-store';
import { connectWithoutWaiting, describeWithPrivateRedis, startPrivateRedis, type PrivateRedis, type RedisClient } from './redis-server';
import { eventually } from './eventually';

const STORED = { accountId: 'default', configuration: { FunctionName: 'f' }, concurrency: {} } as unknown as StoredFunction;
const EVENT: NewEvent = { accountId: 'default', functionName: 'f', qualifier: '$LATEST', payload: Buffer.from('{"a":1}'), source: 'api' };

describeWithPrivateRedis('taking events', () => {
  let redis: PrivateRedis;
  let client: RedisClient;
  let intake: RedisEventIntake;
  let queues: RedisEventQueues;
  let store: RedisEventStore;
  let keys: AsyncKeys;
  let accepted: string[];

  beforeEach(async () => {
    redis = await startPrivateRedis();
    client = connectWithoutWaiting(redis.url);
    await eventually(() => expect(client.redis.status).toBe('ready'), 20_000);
    keys = new AsyncKeys(redis.prefix);
    queues = new RedisEventQueues({ redis: client.redis, queuePrefix: keys.queuePrefix, logger: silentLogger() });
    store = new RedisEventStore({ redis: client.redis, keys, keptS: 60, keptCount: 10, deadLettersKeptS: 60, deadLettersKeptCount: 10 });
    accepted = [];
    intake = new RedisEventIntake({
      redis: client.redis,
      keys,
      directory: {
        find: (_account, name) => {
          if (name !== 'f') throw new ServiceError('FUNCTION_NOT_FOUND', name);
          return STORED;
        },
        onChange: () => undefined,
        onVersionDeleted: () => undefined,
      },
      clock: systemClock,
      ids: systemIds,
      payloadLimitBytes: 1024,
      openLimit: 3,
      rules: new UrlRules([]),
      podToken: 'pod',
      failpoints: new Failpoints(),
      onAccepted: (_account, name) => void accepted.push(name),
    });
  });

  afterEach(async () => {
    client.close();
    await redis.stop();
  });

  const countOf = async (field: string): Promise<string | null> => client.redis.hget(keys.counters, field);

  it('writes the event and its job before it says yes', async () => {
    const { requestId, isDuplicate } = await intake.accept(EVENT);
    expect(isDuplicate).toBe(false);
    expect(await client.redis.hgetall(keys.invocation('default', requestId))).toMatchObject({ status: 'accepted', payload: '{"a":1}' });
    expect(await queues.counts('default', 'f')).toEqual({ waiting: 1, delayed: 0, running: 0, failed: 0 });
    expect(await countOf('accepted')).toBe('1');
    expect(accepted).toEqual(['f']);
    const { events } = await store.take('default', 'f', ['first', 'second'], Date.now());
    expect(events).toMatchObject([{ requestId, token: 'first', state: { status: 'accepted', attempt: 0 } }]);
    expect(await queues.counts('default', 'f')).toMatchObject({ waiting: 0, running: 1 });
  });

  it('keeps one that is not to run yet', async () => {
    await intake.accept({ ...EVENT, notBeforeMs: Date.now() + 60_000 });
    expect(await queues.counts('default', 'f')).toMatchObject({ waiting: 0, delayed: 1 });
    const { events, nextDueMs } = await store.take('default', 'f', ['token'], Date.now());
    expect(events).toEqual([]);
    expect(nextDueMs).toBeGreaterThan(Date.now());
  });

  it('takes the same idempotency key and body once, and refuses another body', async () => {
    const first = await intake.accept({ ...EVENT, idempotencyKey: 'k' });
    const results = await Promise.all([1, 2, 3].map(() => intake.accept({ ...EVENT, idempotencyKey: 'k' })));
    expect(results).toEqual([1, 2, 3].map(() => ({ requestId: first.requestId, isDuplicate: true })));
    await expect(intake.accept({ ...EVENT, payload: Buffer.from('2'), idempotencyKey: 'k' })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_MISMATCH',
    });
    expect(await countOf('accepted')).toBe('1');
  });

  it('takes the same request id once', async () => {
    await intake.accept({ ...EVENT, requestId: 'request-1' });
    expect(await intake.accept({ ...EVENT, requestId: 'request-1' })).toEqual({ requestId: 'request-1', isDuplicate: true });
    expect(await queues.counts('default', 'f')).toMatchObject({ waiting: 1 });
  });

  it('writes the event of a claimed key whose first taker was lost', async () => {
    await client.redis.hset(keys.idempotency('default', 'f', 'k'), 'id', 'request-9', 'bodyHash', 'other');
    await expect(intake.accept({ ...EVENT, idempotencyKey: 'k' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_MISMATCH' });
    const probe = await intake.accept({ ...EVENT, requestId: 'request-8' });
    const bodyHash = (await client.redis.hget(keys.invocation('default', probe.requestId), 'bodyHash')) ?? '';
    await client.redis.hset(keys.idempotency('default', 'f', 'k'), 'bodyHash', bodyHash);
    expect(await intake.accept({ ...EVENT, idempotencyKey: 'k' })).toEqual({ requestId: 'request-9', isDuplicate: false });
  });

  it('refuses at the door what cannot be run', async () => {
    await expect(intake.accept({ ...EVENT, functionName: 'g' })).rejects.toMatchObject({ code: 'FUNCTION_NOT_FOUND' });
    await expect(intake.accept({ ...EVENT, payload: Buffer.alloc(1025) })).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    await expect(intake.accept({ ...EVENT, depth: 16 })).rejects.toMatchObject({ code: 'RECURSION_LIMIT' });
    expect(await countOf('accepted')).toBeNull();
  });

  it('refuses more than may be open, and leaves nothing of it', async () => {
    for (let index = 0; index < 3; index++) await intake.accept(EVENT);
    await expect(intake.accept(EVENT)).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    expect(await queues.counts('default', 'f')).toMatchObject({ waiting: 3 });
    expect(await countOf('accepted')).toBe('3');
  });

  it('tells the other pods of the first event that waits, since they may have found the queue empty', async () => {
    const subscriber = connectWithoutWaiting(redis.url);
    try {
      await subscriber.subscriberReady();
      const told: string[] = [];
      subscriber.notices.on(keys.notices, (message) => void told.push(message));
      await eventually(async () => expect(await client.redis.pubsub('NUMSUB', keys.notices)).toEqual([keys.notices, 1]), 10_000);
      await intake.accept(EVENT);
      await intake.accept(EVENT);
      await store.take('default', 'f', ['first', 'second', 'third'], Date.now());
      await intake.accept(EVENT);
      await eventually(() => expect(told).toEqual(['ready default.f pod', 'ready default.f pod']), 10_000);
    } finally {
      subscriber.close();
    }
  });

  it('F9 says QUEUE_FULL when Redis has no memory left, and goes on when it has', async () => {
    await intake.accept(EVENT);
    await client.redis.config('SET', 'maxmemory', '1');
    await expect(intake.accept(EVENT)).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    // What was accepted is run and ends all the same.
    const [event] = (await store.take('default', 'f', ['token'], Date.now())).events;
    if (event === undefined) throw new Error('nothing was taken');
    const settlement: Settlement = { status: 'succeeded', nowMs: Date.now(), isDeadLetter: false, deliveries: [], fields: {} };
    expect(await store.settle(event, 'token', settlement)).toBe(true);
    await client.redis.config('SET', 'maxmemory', '0');
    await intake.accept(EVENT);
    expect(await queues.counts('default', 'f')).toMatchObject({ waiting: 1, running: 0 });
  });

  it('F6 says QUEUE_UNAVAILABLE within two seconds while Redis hangs or is gone, and goes on when it is back', async () => {
    await intake.accept(EVENT);
    for (const [hurt, heal] of [
      [async () => redis.freeze(), async () => redis.thaw()],
      [() => redis.kill(), () => redis.start()],
    ] as const) {
      await hurt();
      const startedAt = performance.now();
      await expect(intake.accept(EVENT)).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
      expect(performance.now() - startedAt).toBeLessThan(8000);
      await heal();
      await eventually(async () => expect((await intake.accept({ ...EVENT, idempotencyKey: 'again' })).requestId).toBeDefined(), 20_000);
    }
  }, 60_000);
});
