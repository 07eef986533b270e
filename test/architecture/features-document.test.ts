import { filesUnder, readRepositoryFile } from '../support/repository';

/** How many rows each part has: numbered from 1. */
const PARTS = { A: 22, B: 11, C: 8, D: 11, E: 6 };
const STATES = ['done', 'partly', 'not yet'];
const TEST_FILES = new Set([
  ...filesUnder('test'),
  ...filesUnder('services'),
  ...filesUnder('packages'),
  ...filesUnder('cli'),
  ...filesUnder('console'),
]);

interface Row {
  id: string;
  state: string;
  files: string[];
}

const rows: Row[] = [...readRepositoryFile('docs/features.md').matchAll(/^\| ([A-E]\d+) \|(.+)\|$/gm)].map(([, id = '', rest = '']) => {
  const [, state = '', , tests = ''] = rest.split('|').map((cell) => cell.trim());
  return {
    id,
    state,
    files: tests.split(', ').flatMap((each) => /^`(.+)`$/.exec(each)?.[1] ?? (each === '' ? [] : `unreadable: ${each}`)),
  };
});

describe('docs/features.md', () => {
  it('has every row once, in order', () => {
    const expected = Object.entries(PARTS).flatMap(([part, count]) => Array.from({ length: count }, (_, index) => `${part}${index + 1}`));
    expect(rows.map(({ id }) => id)).toEqual(expected);
  });

  it.each(rows)('says of $id how far it is, and by which test', ({ state, files }) => {
    expect(STATES).toContain(state);
    if (state === 'not yet') expect(files).toEqual([]);
    else expect(files.length).toBeGreaterThan(0);
    expect(files.filter((file) => !/\.test\.ts$/.test(file) || !TEST_FILES.has(file))).toEqual([]);
  });
});
