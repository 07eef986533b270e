import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadRuntimeCatalogue } from './runtime-catalogue';

describe('the languages of an installation', () => {
  let directory: string;
  const write = (folder: string, more: object = {}): void => {
    mkdirSync(join(directory, folder));
    const texts = { title: folder, command: '/bin/true', handlerPattern: '.', handlerExample: 'x', entryFile: 'x', image: folder };
    writeFileSync(
      join(directory, folder, 'runtime.json'),
      JSON.stringify({ name: folder, args: [], sourceContentTypes: [], ...texts, ...more }),
    );
  };
  const names = async (...chosen: string[]): Promise<string[]> => [...(await loadRuntimeCatalogue(directory, chosen)).keys()];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'easyfaas-runtimes-'));
    write('node');
    write('tiny');
    write('extra', { isOptional: true });
    mkdirSync(join(directory, 'no-manifest'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('are all folders with a manifest that are not optional', async () => {
    expect(await names()).toEqual(['node', 'tiny']);
  });

  it('are those that were chosen, or all', async () => {
    expect(await names('extra', 'node')).toEqual(['extra', 'node']);
    expect(await names('all')).toEqual(['extra', 'node', 'tiny']);
  });

  it('are not what there is not', async () => {
    await expect(names('cobol')).rejects.toThrow(/EASYFAAS_RUNTIMES names cobol; .* has extra, node, tiny/);
  });

  it.each([
    ['its folder is called otherwise', { name: 'other' }, /its name is "other", its folder "bad"/],
    ['its pattern is none', { handlerPattern: '(' }, /bad\/runtime.json cannot be used: .*regular expression/i],
    ['a member is unknown', { surprise: 1 }, /surprise/],
  ])('are refused with the file when %s', async (_what, more, message) => {
    write('bad', more);
    await expect(names()).rejects.toThrow(message);
  });
});
