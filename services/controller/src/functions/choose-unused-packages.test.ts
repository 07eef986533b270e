import { UNUSED_AGE_MS, chooseUnusedPackages, type SweepFacts } from './choose-unused-packages';
import type { PackageFile } from './package-store';

const NOW_MS = 1_800_000_000_000;
const file = (sha256: string, ageMs = UNUSED_AGE_MS + 1): PackageFile => ({ sha256, sizeBytes: 10, modifiedMs: NOW_MS - ageMs });

describe('the choice of packages to remove', () => {
  const facts = (more: Partial<SweepFacts>): SweepFacts => ({
    files: [file('a')],
    referenced: new Set(),
    functionCount: 1,
    suspects: new Set(['a']),
    nowMs: NOW_MS,
    ...more,
  });
  const removed = (more: Partial<SweepFacts>): string[] => chooseUnusedPackages(facts(more)).remove.map(({ sha256 }) => sha256);

  it('takes what is old and was unused at the last look, too', () => {
    expect(removed({ files: [file('a'), file('b'), file('c')], suspects: new Set(['a', 'c']), referenced: new Set(['c']) })).toEqual(['a']);
  });

  it('only remembers what is unused for the first time', () => {
    expect(chooseUnusedPackages(facts({ suspects: new Set() }))).toEqual({ remove: [], suspects: new Set(['a']) });
  });

  it('forgets what is used again', () => {
    expect(chooseUnusedPackages(facts({ referenced: new Set(['a']) }))).toEqual({ remove: [], suspects: new Set() });
  });

  it.each([
    ['is an hour old', UNUSED_AGE_MS],
    ['was uploaded just now', 0],
    ['is from the future, because the clock was set back', -UNUSED_AGE_MS],
  ])('keeps what %s', (_, ageMs) => {
    expect(chooseUnusedPackages(facts({ files: [file('a', ageMs)] }))).toEqual({ remove: [], suspects: new Set() });
  });

  it('takes nothing beside a store without any function', () => {
    expect(chooseUnusedPackages(facts({ functionCount: 0 }))).toEqual({ remove: [], suspects: new Set() });
  });
});
