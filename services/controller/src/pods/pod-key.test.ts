import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPodKeyFile } from './pod-key';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ef-key-'));
  path = join(directory, 'key');
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('the key file of pods', () => {
  it('holds 256 bits', () => {
    writeFileSync(path, `${'ab'.repeat(32)}\n`);
    expect(readPodKeyFile(path)).toEqual(Buffer.alloc(32, 0xab));
  });

  it.each([
    ['an empty one', '', 'is empty'],
    ['one of blanks', ' \n', 'is empty'],
    ['a short one', 'abcd', 'is not 64 hexadecimal digits'],
    ['a password', 'p'.repeat(64), 'is not 64 hexadecimal digits'],
  ])('is refused when it is %s', (_what, text, words) => {
    writeFileSync(path, text);
    expect(() => readPodKeyFile(path)).toThrow(words);
  });

  it('is refused when it is not there', () => {
    expect(() => readPodKeyFile(path)).toThrow(/ENOENT/);
  });
});
