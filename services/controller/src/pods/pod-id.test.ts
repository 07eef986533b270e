import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isPodId, readPodId } from './pod-id';

let dataDir: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'ef-pod-'));
});

afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

describe('the id of a pod', () => {
  it('is made once and kept', () => {
    expect(readPodId(dataDir, undefined, () => 'pod-one')).toBe('pod-one');
    expect(readPodId(dataDir, undefined, () => 'pod-two')).toBe('pod-one');
  });

  it('is the one of the environment where there is one', () => {
    expect(readPodId(dataDir, 'rack-7', () => 'never')).toBe('rack-7');
  });

  it('is not guessed where its file is damaged', () => {
    writeFileSync(join(dataDir, 'pod-id'), 'No Id!\n');
    expect(() => readPodId(dataDir, undefined, () => 'never')).toThrow(/does not hold a pod id/);
  });

  it.each(['', '-a', 'A', 'a b', 'x'.repeat(64)])('is not "%s"', (text) => expect(isPodId(text)).toBe(false));
});
