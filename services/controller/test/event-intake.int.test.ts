import { Failpoints, ServiceError, silentLogger, systemClock, systemIds } from '@easyfaas/service-kit';
import type { StoredFunction } from '@easyfaas/contracts/wire';
import { AsyncKeys } from '../src/async/async-keys';
import { UrlRules } from '../src/async/destinations/url-rules';
import type { NewEvent } from '../src/async/event-intake';
import { RedisEventIntake } from '../src/async/redis-event-intake';
import { RedisEventQueues } from '../src/async/redis-event-queues';
import { RedisEventStore, type Settlement, type TakenEvent } from '../src/async/redis-event-store';
import { connectWithoutWaiting, describeWithPrivateRedis, startPrivateRedis, type PrivateRedis, type RedisClient } from './redis-server';
import { eventually } from './eventually';

const STORED = { accountId: 'default', configuration: { FunctionName: 'f' }, concurrency: {} } as unknown as StoredFunction;
const EVENT: NewEvent = { accountId: 'default', functionName: 'f', qualifier: '$LATEST', payload: Buffer.from('{"a":1}'), source: 'api' };

/** Bytes for as many events as are asked for. */
const PLENTY = 1024 * 1024;
const ENDED: Settlement = { status: 'succeeded', nowMs: Date.now(), isDeadLetter: false, deliveries: [], outcome: {}, fields: {} };

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
    store = new RedisEventStore({
      redis: client.redis,
      keys,
      clock: systemClock,
      keptS: 60,
      keptCount: 10,
      deadLettersKeptS: 60,
      deadLettersKeptCount: 10,
    });
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
      replicas: 0,
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

  /** Scripts that were run so far. */
  const commandsRun = async (): Promise<number> => {
    const info = await client.redis.call('info', 'commandstats');
    return [...String(info).matchAll(/^cmdstat_eval(?:sha)?:calls=(\d+)/gm)].reduce((sum, [, calls]) => sum + Number(calls), 0);
  };

  /** Of a function's queue, by the ends of its keys, without what {@link ADD_JOBS} and its like leave out. */
  const queueContents = async (functionName: string): Promise<Record<string, unknown>> => {
    const prefix = keys.queue('default', functionName);
    const contents: Record<string, unknown> = {};
    for (const key of (await client.redis.keys(`${prefix}*`)).sort()) {
      const name = key.slice(prefix.length);
      if (['events', 'id', 'stalled-check'].includes(name)) continue;
      contents[name] = await valueOf(key);
    }
    return contents;
  };

  const valueOf = async (key: string): Promise<unknown> => {
    const { redis: commands } = client;
    switch (await commands.type(key)) {
      case 'list':
        return commands.lrange(key, 0, -1);
      case 'set':
        return (await commands.smembers(key)).sort();
      case 'zset':
        return commands.zrange(key, '0', '-1');
      case 'string':
        return commands.get(key);
      default: {
        const fields = Object.entries(await commands.hgetall(key)).filter(([name]) => !['timestamp', 'processedOn', 'ats'].includes(name));
        return Object.fromEntries(fields);
      }
    }
  };

  const countOf = async (field: string): Promise<string | null> => client.redis.hget(keys.counters, field);

  it('writes the event and its job before it says yes', async () => {
    const { requestId, isDuplicate } = await intake.accept(EVENT);
    expect(isDuplicate).toBe(false);
    expect(await client.redis.hgetall(keys.invocation('default', requestId))).toMatchObject({ status: 'accepted', payload: '{"a":1}' });
    expect(await queues.counts('default', 'f')).toEqual({ waiting: 1, delayed: 0, running: 0, failed: 0 });
    expect(await countOf('accepted')).toBe('1');
    expect(accepted).toEqual(['f']);
    const { events } = await store.take('default', 'f', ['first', 'second'], Date.now(), PLENTY);
    expect(events).toMatchObject([{ requestId, token: 'first', state: { status: 'accepted', attempt: 0 } }]);
    expect(await queues.counts('default', 'f')).toMatchObject({ waiting: 0, running: 1 });
  });

  it('keeps one that is not to run yet', async () => {
    await intake.accept({ ...EVENT, notBeforeMs: Date.now() + 60_000 });
    expect(await queues.counts('default', 'f')).toMatchObject({ waiting: 0, delayed: 1 });
    const { events, nextDueMs } = await store.take('default', 'f', ['token'], Date.now(), PLENTY);
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

  it('takes what comes at the same time with one command, of which each is answered for itself', async () => {
    await intake.accept({ ...EVENT, requestId: 'request-1' });
    const before = await commandsRun();
    const outcomes = await Promise.allSettled([
      intake.accept({ ...EVENT, requestId: 'request-2' }),
      intake.accept({ ...EVENT, requestId: 'request-1' }),
      intake.accept({ ...EVENT, functionName: 'unknown' }),
      intake.accept({ ...EVENT, requestId: 'request-1', payload: Buffer.from('other') }),
      intake.accept({ ...EVENT, requestId: 'request-3', notBeforeMs: Date.now() + 60_000 }),
      intake.accept({ ...EVENT, requestId: 'request-2' }),
      intake.accept({ ...EVENT, requestId: 'request-4' }),
    ]);
    const said = outcomes.map((each) => (each.status === 'fulfilled' ? each.value.isDuplicate : (each.reason as ServiceError).code));
    expect(said).toEqual([false, true, 'FUNCTION_NOT_FOUND', 'IDEMPOTENCY_MISMATCH', false, true, 'QUEUE_FULL']);
    expect((await commandsRun()) - before).toBe(1);
    expect(await queues.counts('default', 'f')).toEqual({ waiting: 2, delayed: 1, running: 0, failed: 0 });
    expect(await countOf('accepted')).toBe('3');
    const { events } = await store.take('default', 'f', ['first', 'second', 'third'], Date.now(), PLENTY);
    expect(events.map(({ requestId }) => requestId)).toEqual(['request-1', 'request-2']);
  });

  it('leaves events whose payloads would be too many bytes to whoever asks next, in their order', async () => {
    const ids = ['request-1', 'request-2', 'request-3'];
    const take = async (tokens: string[], bytes: number, nowMs = Date.now()): Promise<unknown> => {
      const { events, hasMore } = await store.take('default', 'f', tokens, nowMs, bytes);
      return [events.map(({ requestId }) => requestId), hasMore];
    };
    for (const requestId of ids) await intake.accept({ ...EVENT, requestId, payload: Buffer.alloc(1000, '1') });
    expect(await take(['first', 'second', 'third'], 1500)).toEqual([ids.slice(0, 2), true]);
    expect(await queues.counts('default', 'f')).toMatchObject({ waiting: 1, running: 2 });
    // The first one is taken however large it is.
    expect(await take(['fourth', 'fifth'], 0)).toEqual([ids.slice(2), false]);
    for (const [index, token] of ['first', 'second', 'fourth'].entries()) {
      const event = { accountId: 'default', functionName: 'f', requestId: ids[index] ?? '' };
      expect(await store.release(event, token, true, {})).toBe(true);
      expect(await queues.postpone(event, token, Date.now() + 60_000 + index, Date.now())).toBe(true);
    }
    // So it is where BullMQ's own script takes them.
    expect(await take(['a', 'b', 'c'], 0, Date.now() + 61_000)).toEqual([ids.slice(0, 1), true]);
    expect(await take(['d', 'e', 'f'], 500, Date.now() + 61_000)).toEqual([ids.slice(1, 2), true]);
    expect(await take(['g', 'h'], PLENTY, Date.now() + 61_000)).toEqual([ids.slice(2), false]);
  });

  it('ends what ends at the same time with one command, of which each is answered for itself', async () => {
    for (const requestId of ['request-1', 'request-2', 'request-3']) await intake.accept({ ...EVENT, requestId });
    const { events } = await store.take('default', 'f', ['first', 'second', 'third'], Date.now(), PLENTY);
    const [first, second, third] = events as [TakenEvent, TakenEvent, TakenEvent];
    const before = await commandsRun();
    const settled = await Promise.all([
      store.settle(first, 'first', { ...ENDED, outcome: { condition: 'Success' } }),
      store.settle(second, 'stolen', ENDED),
      store.settle({ ...first, requestId: 'nobody' }, 'token', ENDED),
      store.settle(third, 'third', { ...ENDED, status: 'failed', isDeadLetter: true }),
    ]);
    expect(settled).toEqual([true, false, false, true]);
    expect((await commandsRun()) - before).toBe(1);
    expect(await Promise.all(['accepted', 'succeeded', 'failed'].map(countOf))).toEqual(['3', '1', '1']);
    expect(await store.list('ended', 'default', 'f', 10)).toEqual(['request-1']);
    expect(await store.list('dead', 'default', 'f', 10)).toEqual(['request-3']);
    expect(await store.list('open', 'default', 'f', 10)).toEqual(['request-2']);
    expect(await queues.counts('default', 'f')).toEqual({ waiting: 0, delayed: 0, running: 1, failed: 0 });
    expect(await store.settle(second, 'second', ENDED)).toBe(true);
  });

  it('tells the try that ended or released an event the same when it asks again', async () => {
    for (const requestId of ['request-1', 'request-2']) await intake.accept({ ...EVENT, requestId });
    const { events } = await store.take('default', 'f', ['first', 'second'], Date.now(), PLENTY);
    const [first, second] = events as [TakenEvent, TakenEvent];
    for (const again of [false, true]) {
      expect([again, await store.settle(first, 'first', ENDED)]).toEqual([again, true]);
      expect([again, await store.release(second, 'second', true, {})]).toEqual([again, true]);
    }
    expect(await store.settle(first, 'stolen', ENDED)).toBe(false);
    expect(await store.settle(second, 'second', ENDED)).toBe(false);
    expect(await store.release(first, 'first', true, {})).toBe(false);
    expect(await Promise.all(['accepted', 'succeeded'].map(countOf))).toEqual(['2', '1']);
    expect(await store.read('default', 'request-2')).toMatchObject({ status: 'accepted', attempt: 0 });
  });

  it("leaves in the queue what BullMQ's own scripts leave there", async () => {
    const compare = async (): Promise<void> => expect(await queueContents('f')).toEqual(await queueContents('bullmq'));
    await client.redis.hset(`${keys.queue('default', 'bullmq')}meta`, 'opts.maxLenEvents', '10');
    const nowMs = Date.now();
    for (const requestId of ['request-1', 'request-2', 'request-3']) {
      await intake.accept({ ...EVENT, requestId });
      await queues.add({ accountId: 'default', functionName: 'bullmq', requestId }, nowMs);
    }
    await compare();
    // A queue with a limit is one that BullMQ itself looks at.
    await client.redis.hset(`${keys.queue('default', 'bullmq')}meta`, 'concurrency', '100');
    for (const name of ['f', 'bullmq']) await store.take('default', name, ['first', 'second'], nowMs, PLENTY);
    await client.redis.hdel(`${keys.queue('default', 'bullmq')}meta`, 'concurrency');
    await compare();
    for (const name of ['f', 'bullmq']) await queues.recoverStalled('default', name);
    await compare();
    await store.settle({ accountId: 'default', functionName: 'f', requestId: 'request-2' }, 'second', ENDED);
    await queues.finish({ accountId: 'default', functionName: 'bullmq', requestId: 'request-2' }, 'second');
    await compare();
    for (const functionName of ['f', 'bullmq']) {
      await queues.postpone({ accountId: 'default', functionName, requestId: 'request-1' }, 'first', nowMs + 60_000, nowMs);
    }
    await compare();
  });

  it('puts one off until the time that was said', async () => {
    const { requestId } = await intake.accept(EVENT);
    const event = { accountId: 'default', functionName: 'f', requestId };
    const nowMs = Date.now();
    await store.take('default', 'f', ['token'], nowMs, PLENTY);
    await store.release(event, 'token', true, {});
    expect(await queues.postpone(event, 'token', nowMs + 60_000, nowMs)).toBe(true);
    expect((await store.take('default', 'f', ['token'], nowMs, PLENTY)).nextDueMs).toBe(nowMs + 60_000);
  });

  it('takes what is due by now, after what waits', async () => {
    await intake.accept({ ...EVENT, requestId: 'later', notBeforeMs: Date.now() + 60_000 });
    await intake.accept({ ...EVENT, requestId: 'now' });
    const { events } = await store.take('default', 'f', ['first', 'second', 'third'], Date.now() + 61_000, PLENTY);
    expect(events.map(({ requestId }) => requestId)).toEqual(['now', 'later']);
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
      await store.take('default', 'f', ['first', 'second', 'third'], Date.now(), PLENTY);
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
    const [event] = (await store.take('default', 'f', ['token'], Date.now(), PLENTY)).events;
    if (event === undefined) throw new Error('nothing was taken');
    expect(await store.settle(event, 'token', ENDED)).toBe(true);
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
