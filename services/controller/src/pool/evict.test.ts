import { type EvictionCandidate, evict } from './evict';

const candidate = (containerId: string, state: 'cold' | 'idle', sinceMs: number, shelf = 'a'): EvictionCandidate => ({
  containerId,
  state,
  sinceMs,
  shelf,
});
const minByShelf = new Map([
  ['a', 1],
  ['b', 1],
]);

describe('making room', () => {
  it('takes surplus cold containers of other kinds first, then idle ones by last use, then the reserve of others', () => {
    const candidates = [
      candidate('idle-new', 'idle', 50),
      candidate('idle-old', 'idle', 10),
      candidate('cold-b1', 'cold', 1, 'b'),
      candidate('cold-b2', 'cold', 2, 'b'),
    ];
    expect(evict({ candidates, wanted: 4, shelf: 'a', minByShelf })).toEqual(['cold-b1', 'idle-old', 'idle-new', 'cold-b2']);
  });

  it('takes no more than wanted', () => {
    expect(evict({ candidates: [candidate('x', 'idle', 1), candidate('y', 'idle', 2)], wanted: 1, shelf: 'a', minByShelf })).toEqual(['x']);
  });

  it('never takes a cold container of the kind that is waited for', () => {
    expect(evict({ candidates: [candidate('x', 'cold', 1, 'a')], wanted: 1, shelf: 'a', minByShelf })).toEqual([]);
  });
});
