import type { PodCapacity, PodLease, StoredFunction } from '@easyfaas/contracts/wire';
import type { ServiceError } from '@easyfaas/service-kit';
import { throttled } from '../invoke/admission';
import type { Call } from '../invoke/call';
import type { FunctionPool } from '../pool/function-pool';
import { WaitingLine } from '../pool/waiting-line';
import { OverflowCalls } from './overflow-calls';

const CAPACITY: PodCapacity = { containers: 0, containersMax: 8, cold: { nodejs20: 4 }, memoryFreeMb: 4096, freeSlots: 0, waiting: 0 };
const FULL: PodCapacity = { ...CAPACITY, containers: 8, cold: {} };
const lease = (podId: string, capacity = CAPACITY, isDraining = false): PodLease => ({
  podId,
  bootId: podId,
  address: 'http://127.0.0.1:1',
  version: '1',
  startedAtMs: 0,
  isDraining,
  capacity,
});
const STORED = { configuration: { Runtime: 'nodejs20', MemorySize: 128 }, concurrency: {} } as unknown as StoredFunction;
const LIMIT = throttled('ConcurrentInvocationLimitExceeded', 'over', 1);
const LINE_FULL = throttled('WaitingLineFull', 'full', 1);

const callOf = (requestId: string, more: object = {}): Call =>
  ({ requestId, elsewhere: undefined, request: { requestId, stored: STORED, ...more } }) as unknown as Call;

function poolOf(...calls: Call[]): FunctionPool {
  const line = new WaitingLine<Call>(100);
  for (const call of calls) line.push(call);
  return { line, concurrency: 1 } as unknown as FunctionPool;
}

interface Stage {
  overflow: OverflowCalls;
  sent: string[];
  settled: string[];
}

function stage(others: PodLease[], pools: { pool: FunctionPool; count: number }[] = []): Stage {
  const sent: string[] = [];
  const settled: string[] = [];
  const overflow = new OverflowCalls({
    membership: { candidates: () => others.map((each) => ({ lease: each, sent: 0 })), self: lease('self') },
    calls: { send: (call, pod, refusal) => void sent.push(`${call.requestId} to ${pod.podId}${refusal === undefined ? '' : ' for good'}`) },
    shortages: () => pools,
    settle: (call: Call, error: ServiceError) => void settled.push(`${call.requestId} ${error.headers['Reason']}`),
    accountLimit: 1000,
    random: () => 0,
  });
  return { overflow, sent, settled };
}

describe('a call that is refused', () => {
  it('for a full line goes to a pod with room, and nowhere where there is none', () => {
    const near = stage([lease('other')]);
    expect(near.overflow.takeRefused(callOf('a'), LINE_FULL)).toBe(true);
    expect(near.sent).toEqual(['a to other for good']);
    expect(stage([lease('other', FULL)]).overflow.takeRefused(callOf('a'), LINE_FULL)).toBe(false);
    expect(stage([]).overflow.takeRefused(callOf('a'), LINE_FULL)).toBe(false);
  });

  it('for a limit goes to a pod that has a part of it, be it full: it may have warm containers', () => {
    const { overflow, sent } = stage([lease('other', FULL)]);
    expect(overflow.takeRefused(callOf('a'), LIMIT)).toBe(true);
    expect(sent).toEqual(['a to other for good']);
  });

  it.each([
    [0, []],
    // Of "other" and "self" the first in order has the one.
    [1, ['a to other for good']],
  ])('for a reservation of %d goes only where a part of it is', (reserved, expected) => {
    const { overflow, sent } = stage([lease('zulu'), lease('other')]);
    const stored = { ...STORED, concurrency: { ReservedConcurrentExecutions: reserved } };
    expect(overflow.takeRefused(callOf('a', { stored }), LIMIT)).toBe(expected.length > 0);
    expect(sent).toEqual(expected);
  });

  it('stays where it is when it came from another pod, or has been to one', () => {
    const { overflow, sent } = stage([lease('other')]);
    expect(overflow.takeRefused(callOf('a', { forwarded: { podId: 'x', isAdmitted: true } }), LINE_FULL)).toBe(false);
    const returned = callOf('b');
    returned.elsewhere = { podId: undefined, cancel: () => undefined };
    expect(overflow.takeRefused(returned, LINE_FULL)).toBe(false);
    expect(sent).toEqual([]);
  });

  it('does not go to a pod that is stopping', () => {
    expect(stage([lease('other', CAPACITY, true)]).overflow.takeRefused(callOf('a'), LIMIT)).toBe(false);
  });
});

describe('calls that wait while only others could give way', () => {
  it('leave, the oldest first, as many as lack a container', () => {
    const pool = poolOf(callOf('old'), callOf('middle'), callOf('new'));
    const { overflow, sent } = stage([lease('other')], [{ pool, count: 2 }]);
    overflow.relieve();
    expect(sent).toEqual(['old to other', 'middle to other']);
    expect(pool.line.length).toBe(1);
  });

  it('stay in the line while no pod has room', () => {
    const pool = poolOf(callOf('a'));
    const { overflow, sent } = stage([lease('other', FULL)], [{ pool, count: 1 }]);
    overflow.relieve();
    expect({ sent, waiting: pool.line.length }).toEqual({ sent: [], waiting: 1 });
  });

  it('go back where they came from, at once, when that pod lets them wait as well', () => {
    const pool = poolOf(callOf('theirs', { forwarded: { podId: 'x', isAdmitted: true } }));
    const { overflow, sent, settled } = stage([lease('other')], [{ pool, count: 1 }]);
    overflow.relieve();
    expect({ sent, settled, waiting: pool.line.length }).toEqual({ sent: [], settled: ['theirs PodFull'], waiting: 0 });
  });

  it('stay when they came for the sake of a limit: they have no other home', () => {
    const pool = poolOf(callOf('theirs', { forwarded: { podId: 'x', isAdmitted: false } }));
    const { overflow, settled } = stage([lease('other')], [{ pool, count: 1 }]);
    overflow.relieve();
    expect({ settled, waiting: pool.line.length }).toEqual({ settled: [], waiting: 1 });
  });
});
