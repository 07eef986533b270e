import { FakeClock, Registry, silentLogger } from '@easyfaas/service-kit';
import { AsyncMetrics } from './async-metrics';
import { newLane } from './function-lane';
import type { TakenEvent } from './redis-event-store';
import { RunningEvents } from './running-events';

const LANE = newLane('default', 'f', 0);
const taken = (token: string): TakenEvent => ({ accountId: 'default', functionName: 'f', requestId: 'event-1', token, state: undefined });

describe('events that are run here', () => {
  it('are held on to for a second run when the first one, whose lock was lost, ends before it', async () => {
    const clock = new FakeClock();
    const renewed: string[][] = [];
    const ends = new Map<string, () => void>();
    const events = new RunningEvents(
      {
        clock,
        logger: silentLogger(),
        queues: {
          renew: (_accountId, _functionName, held) => {
            renewed.push(held.map(({ token }) => token));
            return Promise.resolve([]);
          },
        },
        runner: { run: ({ token }) => new Promise((resolve) => ends.set(token, () => resolve(undefined))) },
        metrics: new AsyncMetrics(new Registry()),
      },
      { onRan: () => undefined, onPostponed: () => undefined, onFailed: () => undefined, onGone: () => undefined },
    );
    events.start();
    const first = events.run(LANE, taken('first'));
    const second = events.run(LANE, taken('second'));
    ends.get('first')?.();
    await first;
    expect(events.size).toBe(1);
    clock.advance(60_000);
    expect(renewed).toEqual([['second']]);
    expect(events.cancel('default', 'event-1')).toBe(true);
    ends.get('second')?.();
    await second;
    expect(events.size).toBe(0);
    events.stop();
  });
});
