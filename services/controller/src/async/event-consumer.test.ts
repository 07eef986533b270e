import { FakeClock, Registry, silentLogger } from '@easyfaas/service-kit';
import { AsyncMetrics } from './async-metrics';
import { EventConsumer } from './event-consumer';

describe('taking events', () => {
  it('asks for some at a time, however much room there is', async () => {
    const clock = new FakeClock();
    const asked: number[] = [];
    let started = 0;
    let tokens = 0;
    let ended = (): void => undefined;
    const enough = new Promise<void>((resolve) => (ended = resolve));
    const consumer = new EventConsumer({
      clock,
      logger: silentLogger(),
      queues: { renew: () => Promise.resolve([]) },
      store: {
        take: (accountId, functionName, tokens) => {
          asked.push(tokens.length);
          const events = tokens.map((token) => ({ accountId, functionName, requestId: token, token, state: undefined }));
          return Promise.resolve({ events, nextDueMs: undefined });
        },
      },
      runner: {
        run: (_event, _stop, onRan) => {
          started += 1;
          // By then so many have ended well that a hundred are run at once.
          if (started > 600) ended();
          onRan({ hasRoom: true, pauseMs: 0 });
          return Promise.resolve(undefined);
        },
      },
      metrics: new AsyncMetrics(new Registry()),
      newToken: () => `token-${++tokens}`,
      capacity: 200,
      limitOf: () => 100,
      hasRoom: () => true,
    });
    consumer.start();
    consumer.wake('default', 'f');
    await enough;
    await consumer.stop(new AbortController().signal);
    expect(Math.max(...asked)).toBe(64);
    expect(asked).toContain(36);
  });
});
