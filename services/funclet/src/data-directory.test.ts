import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeTree } from './code/remove-tree';
import { readConfig } from './config';
import { makeDirectories, readInstanceId } from './data-directory';

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'easyfaas-data-'));
});
afterEach(() => removeTree(parent));

describe('the data directory', () => {
  it('is made with everything below it, open to the group where the controller writes', () => {
    const config = readConfig({ EASYFAAS_DATA_DIR: join(parent, 'd') });
    makeDirectories(config);
    makeDirectories(config);
    const mode = (name: string): string => (statSync(join(parent, 'd', name)).mode & 0o777).toString(8);
    expect(['', 'packages', 'run', 'containers', 'code', 'code-ro'].map(mode)).toEqual(['775', '770', '770', '755', '755', '755']);
  });

  it('keeps one instance id', () => {
    let made = 0;
    const newId = (): string => `${'a'.repeat(31)}${(made += 1)}`;
    expect(readInstanceId(parent, newId)).toBe(readInstanceId(parent, newId));
    expect(readFileSync(join(parent, 'instance-id'), 'utf8')).toBe(`${'a'.repeat(31)}1\n`);
  });

  it('refuses an instance id that was spoilt, instead of orphaning containers', () => {
    writeFileSync(join(parent, 'instance-id'), 'x\n');
    expect(() => readInstanceId(parent, () => 'a'.repeat(32))).toThrow(/remove the file/);
  });
});
