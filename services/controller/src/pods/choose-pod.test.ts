import type { PodCapacity, PodLease } from '@easyfaas/contracts/wire';
import { choosePod, roomFor } from './choose-pod';

const WISH = { runtime: 'nodejs20', memoryMb: 128 };
const CAPACITY: PodCapacity = { containers: 4, containersMax: 8, cold: { nodejs20: 2 }, memoryFreeMb: 1024, freeSlots: 0, waiting: 0 };
const lease = (podId: string, capacity: Partial<PodCapacity> = {}, isDraining = false): PodLease => ({
  podId,
  bootId: podId,
  address: 'http://127.0.0.1:1',
  version: '1',
  startedAtMs: 0,
  isDraining,
  capacity: { ...CAPACITY, ...capacity },
});
const NO_ROOM = { containers: 8, cold: {} };
/** Gives these numbers in turn. */
const sequence = (...values: number[]): (() => number) => {
  let at = 0;
  return () => values[at++ % values.length] as number;
};

describe('the room of a pod', () => {
  it.each([
    ['cold containers of the runtime count most', {}, 0, 1002],
    ['calls that were sent there since take theirs', {}, 1, 1001],
    ['then what can be made', {}, 2, 4],
    ['of that, too, what was sent takes its part', {}, 5, 1],
    ['cold ones of another runtime help only as far as more can be made', { cold: { python3: 5 } }, 0, 4],
    ['a full pod with idle containers has none: it would have to evict', { ...NO_ROOM, freeSlots: 9 }, 0, 0],
    ['without memory there is none, cold containers or not', { memoryFreeMb: 100 }, 0, 0],
    ['nor while the funclet is silent', { memoryFreeMb: undefined as unknown as number }, 0, 0],
    ['memory limits how many', { memoryFreeMb: 300, cold: {} }, 0, 2],
  ])('%s', (_what, changes, sent, expected) => {
    expect(roomFor({ ...CAPACITY, ...changes }, WISH, sent)).toBe(expected);
  });
});

describe('the choice of a pod', () => {
  const none = (): number => 0;

  it('is nobody where nobody has room', () => {
    expect(choosePod([], WISH, none)).toBeUndefined();
    expect(choosePod([{ lease: lease('full', NO_ROOM), sent: 0 }], WISH, none)).toBeUndefined();
  });

  it('leaves out those that are stopping', () => {
    expect(choosePod([{ lease: lease('ending', {}, true), sent: 0 }], WISH, none)).toBeUndefined();
  });

  it('is the better one of two', () => {
    const few = { lease: lease('few', { cold: { nodejs20: 1 } }), sent: 0 };
    const many = { lease: lease('many', { cold: { nodejs20: 6 } }), sent: 0 };
    expect(choosePod([few, many], WISH, none)?.podId).toBe('many');
    expect(choosePod([many, few], WISH, none)?.podId).toBe('many');
  });

  it('does not send everything to the best of many', () => {
    const best = { lease: lease('best', { cold: { nodejs20: 9 } }), sent: 0 };
    const others = ['a', 'b', 'c'].map((podId) => ({ lease: lease(podId), sent: 0 }));
    expect(choosePod([best, ...others], WISH, sequence(0.3, 0.4))?.podId).toBe('a');
  });
});
