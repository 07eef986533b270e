import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONTAINER_PHASES } from './container';

function documentedPhases(page: string): Record<string, string[]> {
  const table = page.slice(page.indexOf('| phase | next |'), page.indexOf('| phase | means |'));
  const rows = [...table.matchAll(/^\| ([a-z]+) \| ([a-z, ]*)\|$/gm)].filter(([, from]) => from !== 'phase');
  return Object.fromEntries(
    rows.map(([, from = '', to = '']) => [
      from,
      to
        .split(',')
        .map((each) => each.trim())
        .filter(Boolean),
    ]),
  );
}

describe('docs/state-machines.md', () => {
  const page = readFileSync(join(__dirname, '../../../../docs/state-machines.md'), 'utf8');

  it('shows the phases of a container as the code has them', () => {
    expect(documentedPhases(page)).toEqual(CONTAINER_PHASES);
  });

  it('would be caught with another one', () => {
    expect(documentedPhases(page.replace('| loading | warm, resetting |', '| loading | cold, resetting |'))).not.toEqual(CONTAINER_PHASES);
  });
});
