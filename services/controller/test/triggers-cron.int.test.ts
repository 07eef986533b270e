import { randomUUID } from 'node:crypto';
import { type StoredTrigger, TRIGGER_LIMITS } from '@easyfaas/contracts/wire';
import { type Clock, ServiceError, silentLogger, systemClock } from '@easyfaas/service-kit';
import { openTriggerStores } from '../src/triggers/redis-trigger-stores';
import { CronSource } from '../src/triggers/sources/cron/cron-source';
import { EventGate } from '../src/triggers/event-gate';
import { SourceTable } from '../src/triggers/source-table';
import { TriggerRunner } from '../src/triggers/trigger-runner';
import { eventually } from './eventually';
import { connectTo, describeWithRedis, startRedis, type RedisClient, type TestRedis } from './redis-server';
import { MemoryIntake } from './support/memory-intake';

const HOUR = 3_600_000;
const MINUTE = 60_000;

/** The wall clock is the test's own; timers are real. */
class WallClock implements Clock {
  wall = Date.parse('2026-05-01T00:00:30Z');
  wallMs = (): number => this.wall;
  monotonicMs = (): number => performance.now();
  after = (delayMs: number, callback: () => void): (() => void) => systemClock.after(Math.min(delayMs, 20), callback);
}

describeWithRedis('cron triggers', () => {
  let redis: TestRedis;
  const clients: RedisClient[] = [];
  let prefix: string;
  let clock: WallClock;
  let unfinished: Set<string>;
  let intake: MemoryIntake;
  let pods: TriggerRunner[];
  let paused: string[];

  beforeAll(async () => {
    redis = await startRedis();
  });

  beforeEach(() => {
    prefix = `{${randomUUID()}}`;
    clock = new WallClock();
    unfinished = new Set();
    intake = new MemoryIntake({ find: () => ({}) as never });
    pods = [];
    paused = [];
  });

  afterEach(async () => {
    await Promise.all(pods.map((pod) => pod.stop()));
    for (const client of clients.splice(0)) client.close();
  });

  afterAll(async () => {
    await redis.stop();
  });

  const connect = async (): Promise<ReturnType<typeof openTriggerStores>> => {
    const client = await connectTo(redis);
    clients.push(client);
    return openTriggerStores({
      ...client,
      prefix,
      address: { url: redis.url, logger: silentLogger() },
      podId: randomUUID(),
      clock,
      logger: silentLogger(),
    });
  };

  /** One more pod over the same store. */
  const startPod = async (): Promise<ReturnType<typeof openTriggerStores>> => {
    const stores = await connect();
    const logger = silentLogger();
    const invoker = { invoke: (): never => failUnplanned() };
    const source = new CronSource({
      dueSet: stores.dueSet,
      clock,
      logger,
      isWanted: async (accountId, triggerId) => (await stores.store.get(accountId, triggerId))?.isEnabled === true,
      isUnfinished: async (_accountId, _functionName, id) => unfinished.has(id),
    });
    const pause = async (trigger: StoredTrigger, reason: string): Promise<void> => {
      paused.push(reason);
      await stores.store.replace({ ...trigger, isEnabled: false, pauseReason: reason, revisionId: randomUUID() }, trigger);
    };
    const runner = new TriggerRunner({
      ...stores,
      sources: new SourceTable().register(source),
      clock,
      logger,
      gateOf: (trigger) => new EventGate(trigger, { ...stores, intake, invoker, clock, logger, pause }),
      secretsOf: () => ({}),
    });
    pods.push(runner);
    await runner.start();
    return stores;
  };

  const newTrigger = (configuration: object, more: Partial<StoredTrigger> = {}): StoredTrigger => ({
    triggerId: randomUUID().replaceAll('-', '').slice(0, 16),
    accountId: 'default',
    name: '',
    source: 'cron',
    functionName: 'fn',
    qualifier: '$LATEST',
    configuration: { TimeZone: 'UTC', MissedRuns: 'latest', Overlap: 'allow', JitterSeconds: 0, Input: null, ...configuration },
    secrets: {},
    errorPolicy: {},
    isEnabled: true,
    revisionId: randomUUID(),
    createdAt: new Date(clock.wall).toISOString(),
    updatedAt: new Date(clock.wall).toISOString(),
    ...more,
  });

  const ticks = (): string[] => intake.events.map(({ payload }) => (JSON.parse(payload.toString()) as { time: string }).time);
  const fired = (count: number, deadlineMs = 20_000): Promise<void> =>
    eventually(() => {
      if (intake.events.length < count) throw new Error(`${intake.events.length} of ${count}`);
    }, deadlineMs);

  it('P14 fires each tick once over all pods', async () => {
    const stores = await startPod();
    await startPod();
    await startPod();
    const made = newTrigger({ Schedule: '* * * * *' });
    await stores.store.create(made, TRIGGER_LIMITS.perAccount);
    await eventually(() => {
      if (!pods.every((pod) => pod.runningIds.includes(made.triggerId))) throw new Error('not on all pods');
    }, 10_000);
    for (let minute = 1; minute <= 5; minute += 1) {
      clock.wall += MINUTE;
      await fired(minute);
    }
    expect(ticks()).toEqual([1, 2, 3, 4, 5].map((minute) => `2026-05-01T00:0${minute}:00Z`));
    expect(intake.events[0]).toMatchObject({
      functionName: 'fn',
      source: `trigger:${made.triggerId}`,
      idempotencyKey: `${made.triggerId}@${Date.parse('2026-05-01T00:01:00Z')}`,
    });
  });

  it.each([
    ['latest', ['2026-05-01T05:00:00Z']],
    ['all', ['2026-05-01T01:00:00Z', '2026-05-01T02:00:00Z', '2026-05-01T03:00:00Z', '2026-05-01T04:00:00Z', '2026-05-01T05:00:00Z']],
    ['skip', []],
  ])('P14 after a time away it makes up for %s', async (MissedRuns, expected) => {
    const stores = await startPod();
    await stores.store.create(newTrigger({ Schedule: '0 * * * *', MissedRuns }), TRIGGER_LIMITS.perAccount);
    await eventually(() => {
      if (pods[0]?.runningIds.length !== 1) throw new Error('not started');
    }, 10_000);
    await eventually(async () => {
      if ((await clients[0]?.redis.zcard(`${prefix}:cron-due`)) !== 1) throw new Error('not scheduled');
    }, 10_000);
    await pods.pop()?.stop();
    clock.wall += 5.5 * HOUR;
    await startPod();
    await dueAt('2026-05-01T06:00:00Z');
    // The run after those shows that the missed ones have been dealt with.
    clock.wall += 0.5 * HOUR;
    await fired(expected.length + 1);
    expect(ticks()).toEqual([...expected, '2026-05-01T06:00:00Z']);
  });

  it('does not begin a run while the one before is not finished, if that is not wanted', async () => {
    const stores = await startPod();
    await stores.store.create(newTrigger({ Schedule: '* * * * *', Overlap: 'skip' }), TRIGGER_LIMITS.perAccount);
    await scheduled();
    clock.wall += MINUTE;
    await fired(1);
    await dueAt('2026-05-01T00:02:00Z');
    const entry = JSON.parse((await clients[0]?.redis.hvals(`${prefix}:cron-entries`))?.[0] ?? '{}') as { lastInvocationId: string };
    unfinished.add(entry.lastInvocationId);
    clock.wall += MINUTE;
    await dueAt('2026-05-01T00:03:00Z');
    unfinished.clear();
    clock.wall += MINUTE;
    await fired(2);
    expect(ticks()).toEqual(['2026-05-01T00:01:00Z', '2026-05-01T00:03:00Z']);
  });

  const scheduled = (): Promise<void> =>
    eventually(async () => {
      if ((await clients[0]?.redis.zcard(`${prefix}:cron-due`)) !== 1) throw new Error('not scheduled');
    }, 10_000);
  const dueAt = (time: string): Promise<void> =>
    eventually(async () => {
      const [entry = '{}'] = (await clients[0]?.redis.hvals(`${prefix}:cron-entries`)) ?? [];
      if ((JSON.parse(entry) as { tickMs?: number }).tickMs !== Date.parse(time)) throw new Error(entry);
    }, 10_000);

  it('fires a single run once and is then paused with a reason', async () => {
    const stores = await startPod();
    const made = newTrigger({ Schedule: 'at(2026-05-01T00:10:00)', Input: { hello: 1 } });
    await stores.store.create(made, TRIGGER_LIMITS.perAccount);
    await scheduled();
    clock.wall += 10 * MINUTE;
    await fired(1);
    expect(intake.events[0]?.payload.toString()).toBe('{"hello":1}');
    await eventually(async () => {
      const stored = await stores.store.get('default', made.triggerId);
      if (stored?.isEnabled !== false) throw new Error('still enabled');
      expect(stored.pauseReason).toBe('The schedule has no further run.');
    }, 10_000);
    expect(await clients[0]?.redis.zcard(`${prefix}:cron-due`)).toBe(0);
  });

  it('keeps a tick that could not be handed over and fires it when that works again', async () => {
    const stores = await startPod();
    await stores.store.create(newTrigger({ Schedule: '* * * * *' }), TRIGGER_LIMITS.perAccount);
    await scheduled();
    intake.failure = new ServiceError('STORE_UNAVAILABLE', 'away');
    clock.wall += MINUTE;
    await eventually(async () => {
      const { isFailing } = await stores.status.read('default', (await stores.store.ofSource('default', 'cron'))[0]?.triggerId ?? '');
      if (!isFailing) throw new Error('not failing');
    }, 10_000);
    intake.failure = undefined;
    // The lease of the claim ends.
    clock.wall += 11_000;
    await fired(1);
    expect(ticks()).toEqual(['2026-05-01T00:01:00Z']);
  });

  it('is paused after as many failures in a row as its policy says', async () => {
    const stores = await startPod();
    await stores.store.create(newTrigger({ Schedule: '* * * * *' }, { errorPolicy: { PauseAfterFailures: 2 } }), TRIGGER_LIMITS.perAccount);
    await scheduled();
    intake.failure = new ServiceError('STORE_UNAVAILABLE', 'away');
    clock.wall += MINUTE;
    await eventually(() => {
      clock.wall += 11_000;
      if (paused.length === 0) throw new Error('not paused');
    }, 10_000);
    expect(paused[0]).toContain('2 failures in a row');
  });

  it('P15 a clock that goes back fires nothing twice', async () => {
    const stores = await startPod();
    await stores.store.create(newTrigger({ Schedule: '* * * * *' }), TRIGGER_LIMITS.perAccount);
    await scheduled();
    clock.wall += MINUTE;
    await fired(1);
    await dueAt('2026-05-01T00:02:00Z');
    clock.wall -= HOUR;
    await new Promise((resolve) => setTimeout(resolve, 100));
    clock.wall += HOUR + MINUTE;
    await fired(2);
    expect(ticks()).toEqual(['2026-05-01T00:01:00Z', '2026-05-01T00:02:00Z']);
  });

  // 10 000 of them are measured by hand, see ADR 0020: how long they take depends on the machine.
  it('F125 starts many schedules of one second, each once', async () => {
    const count = 1000;
    const stores = await connect();
    for (let made = 0; made < count; made += 500) {
      await Promise.all(
        Array.from({ length: 500 }, () =>
          stores.store.create(newTrigger({ Schedule: '* * * * *', TimeZone: 'Europe/Berlin' }), TRIGGER_LIMITS.perAccount),
        ),
      );
    }
    await startPod();
    clock.wall += MINUTE;
    await fired(count, 90_000);
    expect(new Set(intake.events.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(count);
  }, 150_000);
});

function failUnplanned(): never {
  throw new Error('not planned');
}
