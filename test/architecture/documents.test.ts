import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FUNCTION_ERRORS, LIMITS } from '@easyfaas/contracts/wire';
import { unmarkedCommands } from '../support/guide-blocks';
import { filesUnder, readRepositoryFile, repositoryRoot } from '../support/repository';

const KIB = 1024;
const MIB = 1024 * KIB;
const documents = filesUnder('.').filter((file) => file.endsWith('.md'));

/** As GitHub makes them of headings. */
const anchorsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

describe('documents', () => {
  it('are found', () => {
    expect(documents).toEqual(expect.arrayContaining(['README.md', 'docs/operations.md', 'docs/guides/first-function.md']));
  });

  it.each(documents)('%s has links that lead somewhere', (document) => {
    const links = [...readRepositoryFile(document).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
    const broken = links
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => {
        const [path = '', anchor] = link.split('#');
        const target = path === '' ? document : join(dirname(document), path);
        if (!existsSync(join(repositoryRoot, target))) return true;
        return anchor !== undefined && !anchorsOf(readRepositoryFile(target)).includes(anchor);
      });
    expect(broken).toEqual([]);
  });

  it.each(documents.filter((file) => !file.includes('/') || file.startsWith('docs/')))('%s names files that are there', (document) => {
    const named = [
      ...readRepositoryFile(document).matchAll(/(?<![\w/.])((?:docs|test|services|packages|scripts|runtimes|examples)\/[\w./-]*\w)/g),
    ];
    const missing = named.map((match) => match[1] ?? '').filter((path) => !existsSync(join(repositoryRoot, path)));
    expect(missing).toEqual([]);
  });
});

describe('guides', () => {
  const guides = documents.filter((file) => file === 'README.md' || /^(docs\/guides|examples)\//.test(file));

  it.each(guides)('%s has only commands that a test runs, or that are marked as for the reader', (guide) => {
    expect(unmarkedCommands(readRepositoryFile(guide))).toEqual([]);
  });
});

describe('decisions', () => {
  const files = filesUnder('docs/adr').filter((file) => /\/\d{4}-[^/]+\.md$/.test(file));

  it('have a number each, in name and title', () => {
    const numbers = files.map((file) => /\/(\d{4})-/.exec(file)?.[1]);
    expect(numbers.length).toBeGreaterThan(5);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(files.map((file) => /^# (\d{4}): /.exec(readRepositoryFile(file))?.[1])).toEqual(numbers);
  });

  it('are all in the index, with their titles', () => {
    const rows = [...readRepositoryFile('docs/adr/README.md').matchAll(/^\| \[(\d{4})\]\((.+)\) \| (.+) \|$/gm)];
    const titleOf = (file: string): string => /^# \d{4}: (.+)$/m.exec(readRepositoryFile(file))?.[1] ?? '';
    expect(rows.map(([, , file = '', title = '']) => `docs/adr/${file}: ${title}`)).toEqual(
      files.map((file) => `${file}: ${titleOf(file)}`),
    );
  });
});

describe('docs/guides/errors-and-limits.md', () => {
  const guide = readRepositoryFile('docs/guides/errors-and-limits.md');
  const limit = (of: string): string => new RegExp(`^\\| ${of} \\| (.+) \\|$`, 'm').exec(guide)?.[1] ?? '';

  it.each([
    ['event, and result', `${LIMITS.syncPayloadBytes / MIB} MiB each`],
    ['`Timeout`', `1 to ${LIMITS.timeoutSecondsMax} seconds`],
    ['`MemorySize`', `${LIMITS.memoryMbMin} to ${LIMITS.memoryMbMax} MB, ${LIMITS.memoryMbMin} unless set`],
    ['`PodConcurrentQuota`', `1 to ${LIMITS.podConcurrentQuotaMax}`],
    ['zip', `${LIMITS.packageBytes / MIB} MiB; unpacked ${LIMITS.unpackedBytes / MIB} MiB, ${LIMITS.packageFiles} files`],
    ['`Environment`', `${LIMITS.environmentKeys} variables, ${LIMITS.environmentBytes / KIB} KiB in all`],
    ['output', `${LIMITS.logBytesPerCall / MIB} MiB per call; the last ${LIMITS.logTailBytes / KIB} KiB`],
  ])('gives the limit of %s as the code has it', (of, words) => {
    expect(limit(of)).toContain(words);
  });

  it('names only kinds of failure that there are', () => {
    const kinds = [...guide.matchAll(/`((?:Runtime|Sandbox|Function)\.[A-Za-z]+)`/g)].map((match) => match[1]);
    expect(kinds.length).toBeGreaterThan(3);
    expect(kinds.filter((kind) => !(Object.values(FUNCTION_ERRORS) as (string | undefined)[]).includes(kind))).toEqual([]);
  });
});
