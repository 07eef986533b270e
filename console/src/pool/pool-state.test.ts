import type { PoolContainer } from '../api/views';
import { NO_POOL, inOrder, lost, opened, received, usedMb } from './pool-state';

const container = (containerId: string, more: object = {}): PoolContainer =>
  ({ containerId, state: 'cold', runtime: 'nodejs20', network: 'none', classMb: 128, createdAtMs: 0, ...more }) as unknown as PoolContainer;
const told = (event: string, data: object): { event: string; data: string } => ({ event, data: JSON.stringify(data) });

describe('the live pool', () => {
  it('has what the stream tells, changes and takes away', () => {
    let state = received(opened(NO_POOL), [told('pool', { max: 4 }), told('container', container('a')), told('container', container('b'))]);
    expect([...state.containers.keys()]).toEqual(['a', 'b']);
    expect(state).toMatchObject({ connection: 'live', facts: { max: 4 } });
    state = received(state, [told('container', container('a', { state: 'warm' })), told('gone', { containerId: 'b' }), told('later', {})]);
    expect([...state.containers.values()].map(({ containerId, state: at }) => [containerId, at])).toEqual([['a', 'warm']]);
  });

  it('shows what it knows while the stream is away, and forgets what was not told again', () => {
    const before = received(opened(NO_POOL), [told('container', container('a')), told('container', container('b'))]);
    const away = lost(before);
    expect([away.connection, away.containers.size]).toEqual(['lost', 2]);
    expect([...received(opened(away), [told('container', container('b'))]).containers.keys()]).toEqual(['b']);
  });

  it('puts containers that serve a function first', () => {
    const list = [
      container('cold'),
      container('z', { assignment: { functionName: 'zeta', version: '1' } }),
      container('young', { assignment: { functionName: 'alpha', version: '1' }, createdAtMs: 2 }),
      container('old', { assignment: { functionName: 'alpha', version: '1' }, createdAtMs: 1 }),
    ];
    expect(inOrder(list).map(({ containerId }) => containerId)).toEqual(['old', 'young', 'z', 'cold']);
  });

  it('tells memory in use in MB, when it is known', () => {
    expect(usedMb(container('a', { stats: { memoryBytes: 32 * 1024 * 1024, rssKb: 1 } }))).toBe(32);
    expect(usedMb(container('a', { stats: { rssKb: 2048 } }))).toBe(2);
    expect(usedMb(container('a'))).toBeUndefined();
  });
});
