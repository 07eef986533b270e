import { TRANSITIONS } from '../../services/funclet/src/lifecycle/container-machine';
import { readRepositoryFile } from '../support/repository';

/** Rows `| `state` | `a`, `b` |` of the first table of a page. */
function documentedTransitions(page: string): Record<string, string[]> {
  const rows = [...page.matchAll(/^\| `([a-z]+)` \| ((?:`[a-z]+`(?:, )?)*) ?\|$/gm)];
  return Object.fromEntries(rows.map(([, from = '', to = '']) => [from, [...to.matchAll(/`([a-z]+)`/g)].map((match) => match[1] ?? '')]));
}

describe('docs/state-machines.md', () => {
  it('shows the transitions of a container as the code has them', () => {
    expect(documentedTransitions(readRepositoryFile('docs/state-machines.md'))).toEqual(TRANSITIONS);
  });

  it('finds the table, and would notice a change in it', () => {
    const page = readRepositoryFile('docs/state-machines.md').replace(
      '| `cold` | `warming`, `resetting` |',
      '| `cold` | `warm`, `resetting` |',
    );
    expect(documentedTransitions(page)).not.toEqual(TRANSITIONS);
  });
});
