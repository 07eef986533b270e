import { createRequire } from 'node:module';
import { runInNewContext } from 'node:vm';
import { TypeScriptCompiler, installedEsbuild } from './typescript-compiler';

type Handler = (event: object) => Promise<unknown>;

const compiler = new TypeScriptCompiler(installedEsbuild());
const compile = async (source: string): Promise<string> => (await compiler.compile(Buffer.from(source))).toString();
const load = (text: string): { handler?: Handler } => {
  const module = { exports: {} };
  runInNewContext(text, { module, require: createRequire(__filename) });
  return module.exports;
};

describe('one file of TypeScript', () => {
  it('becomes CommonJS that runs, the same bytes each time', async () => {
    const source = `enum Colour { Red = 'rötlich' }
      export const handler = async (event: { n: number }): Promise<string> => Colour.Red.repeat(event.n satisfies number);`;
    const text = await compile(source);
    expect(await load(text).handler?.({ n: 2 })).toBe('rötlichrötlich');
    expect(await compile(source)).toBe(text);
  });

  it('may have nothing but types', async () => {
    expect(load(await compile('export interface A { b: string }\nexport type C = A[];'))).toEqual({});
  });

  it('keeps its imports, and drops those of types', async () => {
    const text = await compile(
      `import type { A } from 'types-only'; import { b } from 'not-there'; export const handler = async (a: A) => b(a);`,
    );
    expect(text).toContain('require("not-there")');
    expect(text).not.toContain('types-only');
    expect(() => load(text)).toThrow(/Cannot find module 'not-there'/);
  });

  it.each<[string, number, number, RegExp]>([
    ['const x: = 1', 1, 10, /Unexpected "="/],
    ['export const a = 1;\nexport const handler = (e: string => e;', 2, 35, /Expected/],
    ['await Promise.resolve();\nexport const handler = 1;', 1, 1, /await/],
  ])('that is not one is refused with the place: %j', async (source, line, column, text) => {
    await expect(compile(source)).rejects.toMatchObject({
      code: 'INVALID_SOURCE',
      message: expect.stringMatching(text) as string,
      details: { file: 'index.ts', line, column },
    });
  });

  it.each(['(', '[', 'a=>'])('that nests %s without end is refused in words, and the next one is taken', async (opening) => {
    await expect(compile(opening.repeat(1 << 20))).rejects.toMatchObject({
      code: 'INVALID_SOURCE',
      message: expect.stringMatching(/^index\.ts(, line \d+, column \d+: | could not be compiled within )/) as string,
    });
    expect(load(await compile('export const handler = async () => 1;')).handler).toBeDefined();
  });

  it('waits while another one is compiled; of too many at once some are told to come back', async () => {
    const answers = await Promise.allSettled(Array.from({ length: 12 }, (_, n) => compile(`export const a: number = ${n};`)));
    const refused = answers.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(4);
    expect(refused[0]).toMatchObject({ reason: { code: 'THROTTLED' } });
    await expect(compile('export const a: number = 1;')).resolves.toContain('a = 1');
  });

  it.each([undefined, '/no/such/esbuild'])('is refused where the compiler is %s', async (path) => {
    await expect(new TypeScriptCompiler(path).compile(Buffer.from('1'))).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
  });
});
