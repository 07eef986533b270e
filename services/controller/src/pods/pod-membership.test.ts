import { FakeClock, ServiceError, silentLogger } from '@easyfaas/service-kit';
import type { PodLease } from '@easyfaas/contracts/wire';
import type { PodPlace } from './limit-share';
import { PodMembership, REFRESH_MS } from './pod-membership';
import type { RefreshWish, RegistryAnswer } from './redis-pod-registry';

const CAPACITY = { containers: 0, containersMax: 8, cold: {}, memoryFreeMb: 1000, freeSlots: 0, waiting: 0 };
const KEY = 'ab'.repeat(32);
const other = (podId: string, more: Partial<PodLease> = {}): PodLease => ({
  podId,
  bootId: `${podId}-1`,
  address: 'http://127.0.0.1:1',
  version: '1',
  startedAtMs: 0,
  isDraining: false,
  capacity: CAPACITY,
  ...more,
});

type Answer = Partial<RegistryAnswer> | 'taken' | 'away';

function join(first: Answer, fileKey?: Buffer) {
  const clock = new FakeClock();
  const wishes: RefreshWish[] = [];
  const places: PodPlace[] = [];
  const left: string[] = [];
  const state = { answer: first, isDraining: false };
  const membership = new PodMembership({
    registry: {
      refresh: async (wish) => {
        wishes.push(wish);
        const { answer } = state;
        if (answer === 'away') throw new ServiceError('STORE_UNAVAILABLE', 'Redis does not answer');
        if (answer === 'taken') return 'taken';
        return { nowMs: 5_000_000, others: [], key: wish.keyCandidate, ...answer };
      },
      leave: async ({ podId }) => void left.push(podId),
    },
    clock,
    logger: silentLogger(),
    identity: { podId: 'self', bootId: 'self-1', address: 'http://127.0.0.1:2', version: '1', startedAtMs: 0 },
    home: 'here',
    fileKey,
    newKey: () => Buffer.from(KEY, 'hex'),
    capacity: async () => CAPACITY,
    isDraining: () => state.isDraining,
  });
  membership.onRefresh((place) => places.push(place));
  /** Lets time pass, and the refreshes that it brings happen. */
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += REFRESH_MS) {
      clock.advance(REFRESH_MS);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { membership, state, wishes, places, left, pass, clock };
}

describe('a pod among others', () => {
  it('refreshes its lease every two seconds and knows the others', async () => {
    const { membership, wishes, places, pass } = join({ others: [other('alpha'), other('zulu')] });
    await membership.start();
    await pass(2 * REFRESH_MS);
    expect(wishes).toHaveLength(3);
    expect(membership.others.map(({ podId }) => podId)).toEqual(['alpha', 'zulu']);
    expect(places.at(-1)).toEqual({ index: 1, count: 3 });
    expect(membership.problem).toBeUndefined();
  });

  it('offers the key it has, so that a Redis that lost it gets it back, and takes the one that is there', async () => {
    const { membership, wishes, state, pass } = join({ key: 'cd'.repeat(32) });
    await membership.start();
    expect(membership.key?.toString('hex')).toBe('cd'.repeat(32));
    state.answer = {};
    await pass(REFRESH_MS);
    expect(wishes.at(-1)?.keyCandidate).toBe('cd'.repeat(32));
  });

  it('puts no key into Redis when it has a file', async () => {
    const { membership, wishes } = join({}, Buffer.alloc(32, 1));
    await membership.start();
    expect(wishes[0]?.keyCandidate).toBeUndefined();
    expect(membership.key).toEqual(Buffer.alloc(32, 1));
  });

  it.each(['', 'short'])('does not start with the key "%s" in Redis', async (key) => {
    await expect(join({ key }).membership.start()).rejects.toThrow(/key of the pods in Redis/);
  });

  it('starts without Redis and joins when it comes', async () => {
    const { membership, state, pass } = join('away');
    await membership.start();
    expect(membership.problem).toMatch(/Redis does not answer/);
    expect(membership.candidates()).toEqual([]);
    state.answer = { others: [other('alpha')] };
    await pass(REFRESH_MS);
    expect({ problem: membership.problem, count: membership.candidates().length }).toEqual({ problem: undefined, count: 1 });
  });

  it('believes the others for a while without Redis, and keeps its part of the limits for as long as Redis is silent', async () => {
    const { membership, state, places, pass } = join({ others: [other('alpha')] });
    await membership.start();
    state.answer = 'away';
    await pass(2 * REFRESH_MS);
    expect(membership.others).toHaveLength(1);
    await pass(4 * REFRESH_MS);
    expect(membership.others).toEqual([]);
    expect(places).toEqual([{ index: 1, count: 2 }]);
  });

  it('says so when another pod lives under its id', async () => {
    const { membership } = join('taken');
    await membership.start();
    expect(membership.problem).toMatch(/Another pod lives under the id self/);
  });

  it('leaves a pod alone that did not answer, until some time has passed or it has started again', async () => {
    const { membership, state, pass } = join({ others: [other('alpha')] });
    await membership.start();
    membership.noteUnreachable('alpha');
    await pass(REFRESH_MS);
    expect(membership.candidates()).toEqual([]);
    state.answer = { others: [other('alpha', { bootId: 'alpha-2' })] };
    await pass(REFRESH_MS);
    expect(membership.candidates()).toHaveLength(1);
  });

  it('counts what is on its way since the last lease', async () => {
    const { membership, pass } = join({ others: [other('alpha')] });
    await membership.start();
    const end = membership.noteSent('alpha', 0.5);
    membership.noteSent('alpha', 1);
    expect(membership.candidates()[0]?.sent).toBe(1.5);
    end();
    expect(membership.candidates()[0]?.sent).toBe(1);
    const endLate = membership.noteSent('alpha', 1);
    await pass(REFRESH_MS);
    endLate();
    expect(membership.candidates()[0]?.sent).toBe(0);
    membership.noteSent('nobody', 1)();
  });

  it('does not divide limits among those that are stopping, and leaves when it stops', async () => {
    const { membership, places, left, wishes, pass } = join({ others: [other('alpha', { isDraining: true })] });
    await membership.start();
    expect(places).toEqual([{ index: 0, count: 1 }]);
    await membership.stop();
    await pass(2 * REFRESH_MS);
    expect({ left, refreshes: wishes.length }).toEqual({ left: ['self'], refreshes: 1 });
  });

  it("tells the time by Redis's clock", async () => {
    const { membership, clock } = join({});
    await membership.start();
    clock.advance(1000);
    expect(membership.nowMs()).toBe(5_001_000);
  });
});
