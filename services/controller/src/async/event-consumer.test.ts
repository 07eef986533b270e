import type { EventState } from './event-state';
import type { RedisEventStore } from './redis-event-store';
import { FakeClock, Registry, silentLogger } from '@easyfaas/service-kit';
import { AsyncMetrics } from './async-metrics';
import { PayloadBudget } from '../invoke/payload-budget';
import { EventConsumer } from './event-consumer';
import { EventMemory } from './event-memory';

type Take = Pick<RedisEventStore, 'take'>['take'];

const LIMIT_BYTES = 256 * 1024;

describe('taking events', () => {
  let clock: FakeClock;
  let memory: EventMemory;
  let payloads: PayloadBudget;
  let started: number;
  let enough: Promise<void>;
  let onStarted: () => void;

  beforeEach(() => {
    clock = new FakeClock();
    payloads = new PayloadBudget(64 * 1024 * 1024);
    memory = new EventMemory({ payloads, payloadLimitBytes: LIMIT_BYTES });
    started = 0;
    onStarted = () => undefined;
  });

  const enoughOnce = (isEnough: () => boolean): void => {
    enough = new Promise<void>((resolve) => {
      onStarted = () => {
        if (isEnough()) resolve();
      };
    });
  };

  const open = (take: Take, hasEnded = true): EventConsumer => {
    let tokens = 0;
    return new EventConsumer({
      clock,
      logger: silentLogger(),
      queues: { renew: () => Promise.resolve([]) },
      store: { take },
      runner: {
        run: (_event, _stop, onRan) => {
          started += 1;
          onStarted();
          if (!hasEnded) return new Promise(() => undefined);
          onRan({ hasRoom: true, pauseMs: 0 });
          return Promise.resolve(undefined);
        },
      },
      metrics: new AsyncMetrics(new Registry()),
      memory,
      newToken: () => `token-${++tokens}`,
      payloadLimitBytes: LIMIT_BYTES,
      capacity: 200,
      limitOf: () => 100,
      hasRoom: () => true,
    });
  };

  it('asks for some at a time, however much room there is', async () => {
    const asked: number[] = [];
    const consumer = open((accountId, functionName, tokens) => {
      asked.push(tokens.length);
      const events = tokens.map((token) => ({ accountId, functionName, requestId: token, token, state: undefined }));
      return Promise.resolve({ events, nextDueMs: undefined, hasMore: false });
    });
    // By then so many have ended well that a hundred are run at once.
    enoughOnce(() => started > 600);
    consumer.start();
    consumer.wake('default', 'f');
    await enough;
    await consumer.stop(new AbortController().signal);
    expect(Math.max(...asked)).toBe(64);
    expect(asked).toContain(36);
    expect(payloads.heldBytes).toBe(0);
  });

  it('asks for as many bytes as there is memory for, of which other functions get their part', async () => {
    const askedBytes: number[] = [];
    // Each event is as large as may be.
    const take: Take = (accountId, functionName, [token = ''], _nowMs, bytes) => {
      askedBytes.push(bytes);
      const state = { payload: { length: bytes + LIMIT_BYTES } } as EventState;
      const requestId = `${functionName}-${token}`;
      return Promise.resolve({ events: [{ accountId, functionName, requestId, token, state }], nextDueMs: undefined, hasMore: true });
    };
    const consumer = open(take, false);
    consumer.start();
    enoughOnce(() => started === 2);
    consumer.wake('default', 'f');
    await enough;
    expect(askedBytes[0]).toBe(8 * 1024 * 1024 - LIMIT_BYTES);
    for (const name of ['g', 'h', 'i']) {
      enoughOnce(() => started === askedBytes.length);
      consumer.wake('default', name);
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
    // Half of the memory; what is over that waits, and stays with Redis.
    expect(payloads.heldBytes).toBe(32 * 1024 * 1024);
    expect(started).toBe(4);
  });
});
