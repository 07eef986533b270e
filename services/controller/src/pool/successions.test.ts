import type { PoolContainer } from './container';
import type { FunctionPool } from './function-pool';
import { Successions } from './successions';

/** As much of a container as matters here. */
function containerOf(functionPool: FunctionPool | undefined, { phase = 'warm', inFlight = 0 } = {}) {
  const container = {
    containerId: 'c',
    functionPool,
    phase,
    inFlight,
    drained: undefined as string | undefined,
    drain(reason: string) {
      container.drained = reason;
      container.phase = 'draining';
    },
  };
  return container;
}

function underTest({ hasCold = true } = {}) {
  const started: unknown[] = [];
  const resets: [unknown, string][] = [];
  let nowMs = 0;
  const successions = new Successions({
    clock: { monotonicMs: () => nowMs },
    warmUps: {
      start: (pool) => {
        if (hasCold) started.push(pool);
        return hasCold;
      },
    },
    resets: { reset: (container, reason) => void resets.push([container, reason]) },
  });
  return { successions, started, resets, pass: (ms: number) => (nowMs += ms) };
}

const asContainer = (container: unknown): PoolContainer => container as PoolContainer;
const pool = { isRetired: false } as FunctionPool;
const other = { isRetired: false } as FunctionPool;

describe('a container that is to be reborn', () => {
  it('stays until another one of its function is warm', () => {
    const { successions, started, resets } = underTest();
    const old = containerOf(pool);
    successions.begin(asContainer(old), 'reborn');
    successions.begin(asContainer(old), 'reborn');
    expect([started, resets]).toEqual([[pool], []]);
    successions.onWarm(asContainer(containerOf(other)));
    expect(resets).toEqual([]);
    successions.onWarm(asContainer(containerOf(pool)));
    successions.onWarm(asContainer(containerOf(pool)));
    expect(resets).toEqual([[old, 'reborn']]);
  });

  it('finishes its calls then', () => {
    const { successions, resets } = underTest();
    const old = containerOf(pool, { inFlight: 2 });
    successions.begin(asContainer(old), 'reborn');
    successions.onWarm(asContainer(containerOf(pool)));
    expect([resets, old.drained]).toEqual([[], 'reborn']);
  });

  it('stays when no other one came in time, or can come', () => {
    const { successions, resets, pass } = underTest();
    successions.begin(asContainer(containerOf(pool)), 'reborn');
    pass(60_000);
    successions.onWarm(asContainer(containerOf(pool)));
    expect(resets).toEqual([]);
    expect(() => underTest({ hasCold: false }).successions.begin(asContainer(containerOf(pool)), 'reborn')).toThrow(/No cold container/);
  });

  it.each([
    ['is cold', containerOf(undefined, { phase: 'cold' })],
    ['serves what nobody calls any more', containerOf({ isRetired: true } as FunctionPool)],
  ])('ends at once when it %s', (_what, container) => {
    const { successions, started, resets } = underTest();
    successions.begin(asContainer(container), 'reborn');
    expect([started, resets]).toEqual([[], [[container, 'reborn']]]);
  });
});
