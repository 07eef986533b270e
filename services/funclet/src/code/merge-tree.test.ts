import { lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { codeName } from './code-parts';
import { mergeTree } from './merge-tree';
import { removeTree } from './remove-tree';

describe('merging unpacked packages', () => {
  let directory: string;

  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'easyfaas-merge-'))));
  afterEach(() => removeTree(directory));

  const tree = (name: string, files: Record<string, string>): string => {
    mkdirSync(join(directory, name));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(directory, name, dirname(path)), { recursive: true });
      writeFileSync(join(directory, name, path), text, { mode: 0o444 });
    }
    return join(directory, name);
  };
  const read = (top: string): Record<string, string> =>
    Object.fromEntries(
      readdirSync(top, { withFileTypes: true, recursive: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .map((path): [string, string] => [path.slice(top.length + 1), readFileSync(path, 'utf8')])
        .sort(),
    );

  it('joins directories; of two files the later one stays', () => {
    const below = tree('below', { 'a/b/one': '1', 'a/both': 'below', top: 't' });
    const above = tree('above', { 'a/b/two': '2', 'a/both': 'above', 'c/three': '3' });
    expect(mergeTree(above, below)).toEqual(['a/both']);
    expect(read(below)).toEqual({ 'a/b/one': '1', 'a/b/two': '2', 'a/both': 'above', 'c/three': '3', top: 't' });
    for (const path of ['a', 'a/b', 'c']) expect(lstatSync(join(below, path)).mode & 0o777).toBe(0o555);
  });

  it('lets a file replace a directory and the other way round', () => {
    const below = tree('below', { 'x/deep/file': '1', y: '2' });
    const above = tree('above', { x: 'file', 'y/inner': 'directory' });
    expect(mergeTree(above, below).sort()).toEqual(['x', 'y']);
    expect(read(below)).toEqual({ x: 'file', 'y/inner': 'directory' });
  });
});

describe('the name of unpacked code', () => {
  it('depends on the packages, their order, and the account', () => {
    const [a, b] = ['a'.repeat(64), 'b'.repeat(64)];
    const name = (...parts: string[]): string => codeName('default', parts);
    expect(name(a, b)).toMatch(/^[0-9a-f]{64}$/);
    expect(name(a)).toBe(name(a));
    expect(new Set([a, name(a), name(a, b), name(b, a), name(a, b, a), codeName('other', [a])]).size).toBe(6);
  });
});
