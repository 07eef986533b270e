import { type EvictionCandidate, type EvictionFacts, evict } from './evict';
import { Usage } from './usage';

const NOW_MS = 100_000;
const RECENTLY_MS = NOW_MS - 100;

type Owned = [account: string, functionName: string];

function warm(containerId: string, [accountId, functionName]: Owned, more: Partial<EvictionCandidate> = {}): EvictionCandidate {
  const owner = { accountId, functionName };
  return { containerId, shelf: 's', state: 'idle', sinceMs: RECENTLY_MS, heldSinceMs: 0, owner, inFlight: 0, amount: 1, ...more };
}

const busy = (containerId: string, owned: Owned, more: Partial<EvictionCandidate> = {}): EvictionCandidate =>
  warm(containerId, owned, { state: 'busy', inFlight: 1, ...more });

const cold = (containerId: string, shelf: string, sinceMs: number): EvictionCandidate => ({
  containerId,
  shelf,
  state: 'cold',
  sinceMs,
  heldSinceMs: 0,
  inFlight: 0,
  amount: 1,
});

/** A claim of a function of an account; what the candidates' owners have is what they hold. */
function claimOf([accountId, functionName]: Owned, candidates: EvictionCandidate[], more: Partial<EvictionFacts> = {}): EvictionFacts {
  const usage = new Usage();
  for (const { owner, amount } of candidates) if (owner !== undefined) usage.add(owner, amount);
  return {
    claim: { accountId, functionName, runtime: 'nodejs20', shelf: 's', waitingSinceMs: NOW_MS },
    candidates,
    usage,
    amount: 1,
    minByShelf: new Map([
      ['s', 1],
      ['t', 1],
    ]),
    nowMs: NOW_MS,
    ...more,
  };
}

const chosen = (facts: EvictionFacts): string | undefined => {
  const victim = evict(facts);
  return victim === undefined ? undefined : `${victim.do} ${victim.candidate.containerId}`;
};

describe('who gives way', () => {
  it('is first a surplus cold container of another kind, then an idle one by last use, then the reserve of another kind', () => {
    const candidates = [
      warm('idle-new', ['a', 'g'], { sinceMs: 50 }),
      warm('idle-old', ['a', 'g'], { sinceMs: 10 }),
      cold('cold-1', 't', 1),
      cold('cold-2', 't', 2),
    ];
    const order: (string | undefined)[] = [];
    for (let left = candidates; left.length > 0;) {
      const victim = evict(claimOf(['a', 'f'], left));
      order.push(victim?.candidate.containerId);
      left = left.filter((each) => each !== victim?.candidate);
    }
    expect(order).toEqual(['cold-1', 'idle-old', 'idle-new', 'cold-2']);
  });

  it('is never a cold container of the kind that is waited for', () => {
    expect(chosen(claimOf(['a', 'f'], [cold('x', 's', 1), cold('y', 's', 2)]))).toBeUndefined();
  });

  it('is not the busy function of an account that has less, however recently the others were used', () => {
    const candidates = [
      warm('b1', ['b', 'f'], { sinceMs: RECENTLY_MS - 50 }),
      ...[1, 2, 3].map((n) => warm(`a${n}`, ['a', `f${n}`], { sinceMs: RECENTLY_MS + n })),
    ];
    expect(chosen(claimOf(['a', 'f4'], candidates))).toBe('reset a1');
  });

  it('is whoever was not used for some time, of any account', () => {
    const candidates = [warm('b1', ['b', 'f'], { sinceMs: 0 }), warm('a1', ['a', 'g'])];
    expect(chosen(claimOf(['a', 'f'], candidates))).toBe('reset b1');
  });

  it('is an idle one of whoever has something, for an account that has nothing', () => {
    expect(chosen(claimOf(['b', 'f'], [warm('a1', ['a', 'f'])]))).toBe('reset a1');
    expect(chosen(claimOf(['b', 'f'], [warm('a1', ['a', 'f']), busy('b1', ['b', 'g'])]))).toBeUndefined();
  });

  it('is one of the account that has more, busy ones included, which finish first', () => {
    const all = [1, 2, 3, 4].map((n) => busy(`a${n}`, ['a', 'flood']));
    expect(chosen(claimOf(['b', 'f'], all))).toBe('drain a1');
    // Two against two: nothing moves.
    const even = [...all.slice(0, 2), busy('b1', ['b', 'f']), busy('b2', ['b', 'f'])];
    expect(chosen(claimOf(['b', 'f'], even))).toBeUndefined();
    expect(chosen(claimOf(['a', 'flood'], even))).toBeUndefined();
  });

  it('is one of the function that has more, within an account', () => {
    const candidates = [busy('few', ['a', 'few']), ...[1, 2, 3].map((n) => busy(`many${n}`, ['a', 'many']))];
    expect(chosen(claimOf(['a', 'new'], candidates))).toBe('drain many1');
    expect(chosen(claimOf(['a', 'many'], candidates))).toBeUndefined();
  });

  it('among busy ones is the one with the fewest calls to wait for', () => {
    const candidates = [busy('ten', ['a', 'f'], { inFlight: 10 }), busy('two', ['a', 'f'], { inFlight: 2 })];
    expect(chosen(claimOf(['b', 'f'], candidates))).toBe('drain two');
  });

  it('takes turns where there are more functions than places, but not at once', () => {
    const place = [busy('a1', ['a', 'f'])];
    const waiting = (sinceMs: number): EvictionFacts => {
      const facts = claimOf(['b', 'f'], place);
      return { ...facts, claim: { ...facts.claim, waitingSinceMs: NOW_MS - sinceMs } };
    };
    expect(chosen(waiting(1900))).toBeUndefined();
    expect(chosen(waiting(2000))).toBe('drain a1');
    const justLoaded = { ...waiting(2000), candidates: [busy('a1', ['a', 'f'], { heldSinceMs: NOW_MS - 1900 })] };
    expect(chosen(justLoaded)).toBeUndefined();
  });

  it('counts by weight: an account of weight 3 keeps three against one', () => {
    const candidates = [1, 2, 3].map((n) => busy(`a${n}`, ['a', 'f'])).concat(busy('b1', ['b', 'f']));
    const usage = new Usage(new Map([['a', 3]]));
    for (const { owner } of candidates) if (owner !== undefined) usage.add(owner, 1);
    expect(chosen(claimOf(['b', 'f'], candidates, { usage }))).toBeUndefined();
    expect(chosen(claimOf(['b', 'f'], candidates))).toBe('drain a1');
  });

  it('is told who needed the room, a foreign one only the runtime', () => {
    expect(evict(claimOf(['a', 'f'], [warm('x', ['a', 'g'])]))?.lastEnd).toBe('evicted for f');
    expect(evict(claimOf(['b', 'f'], [warm('x', ['a', 'g'], { sinceMs: 0 })]))?.lastEnd).toBe('evicted for nodejs20');
  });
});
