import { type Holding, type RoomCandidate, type RoomClaim, type RoomFacts, makeRoom } from './make-room';

const claim = (accountId: string, functionName: string, more: Partial<RoomClaim> = {}): RoomClaim => ({
  accountId,
  functionName,
  wanted: 1,
  waitingSinceMs: 0,
  runtime: 'nodejs20',
  shelf: 's',
  memoryMb: 128,
  missingMb: 0,
  ...more,
});

/** Busy containers `<account>-<number>` of one function of the account. */
function busy(accountId: string, count: number, memoryMb = 128): { candidates: RoomCandidate[]; holdings: Holding[] } {
  const owner = { accountId, functionName: 'f' };
  const numbers = Array.from({ length: count }, (_, n) => n + 1);
  return {
    candidates: numbers.map((n) => ({
      containerId: `${accountId}-${n}`,
      shelf: 's',
      state: 'busy',
      sinceMs: 0,
      heldSinceMs: 0,
      owner,
      inFlight: 1,
      memoryMb,
    })),
    holdings: numbers.map(() => ({ ...owner, memoryMb })),
  };
}

const facts = (more: Partial<RoomFacts>): RoomFacts => ({
  claims: [],
  candidates: [],
  holdings: [],
  weights: new Map(),
  comingByShelf: new Map(),
  minByShelf: new Map([['s', 0]]),
  room: 0,
  draining: 0,
  leavingMb: 0,
  usedUp: [],
  nowMs: 0,
  ...more,
});

const steps = (more: Partial<RoomFacts>): string[] => makeRoom(facts(more)).map(({ do: how, containerId }) => `${how} ${containerId}`);

describe('places in the pool', () => {
  it('are not made while containers come, the cap leaves room, or chosen ones are draining', () => {
    const flood = busy('a', 8);
    expect(steps({ ...flood, claims: [claim('b', 'g')], comingByShelf: new Map([['s', 1]]) })).toEqual([]);
    expect(steps({ ...flood, claims: [claim('b', 'g')], room: 1 })).toEqual([]);
    expect(steps({ ...flood, claims: [claim('b', 'g')], draining: 1 })).toEqual([]);
    expect(steps({ ...flood, claims: [claim('b', 'g')] })).toEqual(['drain a-1']);
  });

  it('are made up to the share of whoever waits and no further', () => {
    expect(steps({ ...busy('a', 8), claims: [claim('b', 'g', { wanted: 100 })] })).toEqual([1, 2, 3, 4].map((n) => `drain a-${n}`));
  });

  it('count for whom has least first: what comes for others does not', () => {
    const flood = busy('a', 8);
    const claims = [claim('a', 'f', { wanted: 50 }), claim('b', 'g', { waitingSinceMs: 5 })];
    expect(steps({ ...flood, claims, comingByShelf: new Map([['s', 1]]) })).toEqual([]);
  });

  it('are not made for a function that spoils its containers while another has fewer', () => {
    const usedUp = [{ accountId: 'crash', functionName: 'f', containers: 10 }];
    expect(steps({ ...busy('a', 4), claims: [claim('crash', 'f')], usedUp })).toEqual([]);
  });
});

describe('memory of the node', () => {
  it('is freed for what was refused, as much as was missing', () => {
    const { candidates, holdings } = busy('a', 6, 256);
    const claims = [claim('b', 'g', { wanted: 0, memoryMb: 512, missingMb: 300 })];
    expect(steps({ claims, candidates, holdings })).toEqual(['drain a-1', 'drain a-2']);
    expect(steps({ claims, candidates, holdings, leavingMb: 256 })).toEqual(['drain a-1']);
    expect(steps({ claims, candidates, holdings, leavingMb: 512 })).toEqual([]);
  });

  it('is freed by cold ones of its own kind, too: all but the one that is wanted', () => {
    const cold = (n: number, shelf = 's'): RoomCandidate => ({
      containerId: `cold-${n}`,
      shelf,
      state: 'cold',
      sinceMs: n,
      heldSinceMs: 0,
      inFlight: 0,
      memoryMb: 128,
    });
    const candidates = [cold(1), cold(2), cold(3), cold(4, 'other')];
    const minByShelf = new Map([
      ['s', 3],
      ['other', 1],
    ]);
    expect(steps({ claims: [claim('a', 'f', { missingMb: 384 })], candidates, minByShelf, room: 9 })).toEqual([
      'reset cold-2',
      'reset cold-3',
      'reset cold-4',
    ]);
    expect(steps({ claims: [claim('a', 'f', { missingMb: 385 })], candidates, minByShelf, room: 9 })).toEqual([]);
  });

  it('that goes with missing processors is not freed by cold ones, which have none', () => {
    const { candidates, holdings } = busy('a', 6, 256);
    const cold: RoomCandidate = {
      containerId: 'cold',
      shelf: 'other',
      state: 'cold',
      sinceMs: 0,
      heldSinceMs: 0,
      inFlight: 0,
      memoryMb: 4096,
    };
    const short = { claims: [claim('b', 'g', { wanted: 0, missingMb: 300, lacksCpu: true })], candidates: [cold, ...candidates], holdings };
    expect(steps(short)).toEqual(['drain a-1', 'drain a-2']);
  });

  it('is not taken in vain', () => {
    const { candidates, holdings } = busy('a', 2, 256);
    expect(steps({ claims: [claim('b', 'g', { memoryMb: 128, missingMb: 4000 })], candidates, holdings, room: 1 })).toEqual([]);
  });

  it('is shared by megabytes: one large container outweighs several small ones', () => {
    const large = busy('a', 2, 1024);
    const small = busy('b', 3, 128);
    const both = { candidates: [...large.candidates, ...small.candidates], holdings: [...large.holdings, ...small.holdings] };
    expect(steps({ ...both, claims: [claim('b', 'g', { wanted: 0, missingMb: 100 })] })).toEqual(['drain a-1']);
    // From another function of its own, since b has less.
    expect(steps({ ...both, claims: [claim('a', 'g', { wanted: 0, missingMb: 100 })] })).toEqual(['drain a-1']);
  });
});
