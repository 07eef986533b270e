import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONTAINER_STATES } from '@easyfaas/contracts/wire';
import { TRANSITIONS, assertTransition, mayMove } from './container-machine';

describe('the container machine', () => {
  it('knows every state of the wire and no other', () => {
    expect(Object.keys(TRANSITIONS)).toEqual([...CONTAINER_STATES]);
  });

  it('never lets a container that may have run user code become cold', () => {
    const reachable = (from: (typeof CONTAINER_STATES)[number], seen = new Set<string>()): Set<string> => {
      for (const to of TRANSITIONS[from]) {
        if (seen.has(to)) continue;
        seen.add(to);
        reachable(to, seen);
      }
      return seen;
    };
    for (const used of ['warming', 'warm', 'paused', 'resetting'] as const) expect(reachable(used).has('cold')).toBe(false);
  });

  it('lets every living state be reset, and nothing come back from gone', () => {
    for (const state of CONTAINER_STATES) expect(mayMove(state, 'resetting')).toBe(!['resetting', 'gone'].includes(state));
    expect(TRANSITIONS.gone).toEqual([]);
  });

  it('refuses an illegal move with both states and the legal ones', () => {
    expect(() => assertTransition('0123456789ab', 'cold', 'warm')).toThrow(
      'Container 0123456789ab is cold and cannot become warm; from there it can become warming, resetting.',
    );
  });
});

/** Rows `| `from` | `to`, `to` |` of the first table of a page. */
function documentedTransitions(page: string): Record<string, string[]> {
  const rows = [...page.matchAll(/^\| `([a-z]+)` \| ((?:`[a-z]+`(?:, )?)*) ?\|$/gm)];
  return Object.fromEntries(rows.map(([, from = '', to = '']) => [from, [...to.matchAll(/`([a-z]+)`/g)].map((match) => match[1] ?? '')]));
}

describe('docs/state-machines.md', () => {
  const page = readFileSync(join(__dirname, '../../../../docs/state-machines.md'), 'utf8');

  it('shows the transitions as the code has them', () => {
    expect(documentedTransitions(page)).toEqual(TRANSITIONS);
  });

  it('would be caught with another one', () => {
    const wrong = page.replace('| `cold` | `warming`, `resetting` |', '| `cold` | `warm`, `resetting` |');
    expect(documentedTransitions(wrong)).not.toEqual(TRANSITIONS);
  });
});
