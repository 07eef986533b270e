import { dirname, join, normalize } from 'node:path';
import { filesUnder, readRepositoryFile } from '../support/repository';

interface Import {
  file: string;
  specifier: string;
}

const isTest = (file: string): boolean => /\.test\.ts$/.test(file) || file.includes('/test/');
const sources = [...filesUnder('packages'), ...filesUnder('services'), ...filesUnder('cli'), ...filesUnder('console')].filter(
  (file) => /\.tsx?$/.test(file) && !isTest(file),
);
const imports: Import[] = sources.flatMap((file) =>
  [...readRepositoryFile(file).matchAll(/(?:from|import|require\()\s*\(?'([^']+)'/g)].map((match) => ({ file, specifier: match[1] ?? '' })),
);

/** `packages/x`, `services/x`, `cli` or `console` of a file. */
const unitOf = (file: string): string =>
  file
    .split('/')
    .slice(0, /^(cli|console)\//.test(file) ? 1 : 2)
    .join('/');
const show = ({ file, specifier }: Import): string => `${file} -> ${specifier}`;
const offenders = (isWrong: (each: Import) => boolean): string[] => imports.filter(isWrong).map(show);

describe('who may import whom', () => {
  it('finds sources to check', () => {
    expect(sources.length).toBeGreaterThan(20);
    expect(imports.length).toBeGreaterThan(50);
  });

  it('keeps relative imports inside their package', () => {
    expect(
      offenders(
        ({ file, specifier }) => specifier.startsWith('.') && !normalize(join(dirname(file), specifier)).startsWith(`${unitOf(file)}/`),
      ),
    ).toEqual([]);
  });

  it('lets no service import another service', () => {
    expect(
      offenders(({ file, specifier }) => file.startsWith('services/') && /^@easyfaas\/(controller|funclet|runner)/.test(specifier)),
    ).toEqual([]);
  });

  it('lets the command line know the services by their API only', () => {
    expect(
      offenders(({ file, specifier }) => file.startsWith('cli/') && /^@easyfaas\/(?!contracts\/wire$|code-package$)/.test(specifier)),
    ).toEqual([]);
  });

  it('lets the console know the services by their API only, and nothing of Node.js', () => {
    expect(
      offenders(
        ({ file, specifier }) => file.startsWith('console/') && !/^(\.|preact(\/hooks)?$|@easyfaas\/contracts\/wire$)/.test(specifier),
      ),
    ).toEqual([]);
  });

  it('keeps the wire free of every dependency', () => {
    expect(offenders(({ file, specifier }) => file.startsWith('packages/contracts/src/wire/') && !specifier.startsWith('./'))).toEqual([]);
  });

  it('lets the schemas import only the wire and joi', () => {
    expect(
      offenders(({ file, specifier }) => file.startsWith('packages/contracts/src/schemas/') && !/^(\.\/|\.\.\/wire|joi$)/.test(specifier)),
    ).toEqual([]);
  });

  it('keeps the runner free of npm dependencies', () => {
    expect(
      offenders(({ file, specifier }) => file.startsWith('services/runner/') && !/^(\.|node:|@easyfaas\/contracts\/wire$)/.test(specifier)),
    ).toEqual([]);
    const manifest = JSON.parse(readRepositoryFile('services/runner/package.json')) as { dependencies?: object };
    expect(manifest.dependencies ?? {}).toEqual({});
  });

  it('keeps runtimes free of this repository and of packages', () => {
    const bootstraps = filesUnder('runtimes').filter((file) => /^runtimes\/[^/]+\/[^/]+\.[cm]?js$/.test(file));
    expect(bootstraps.length).toBeGreaterThan(0);
    const foreign = bootstraps.flatMap((file) =>
      [...readRepositoryFile(file).matchAll(/(?:from|require\()\s*'([^']+)'/g)].map((match) => `${file} -> ${match[1] ?? ''}`),
    );
    expect(foreign.filter((line) => !/ -> (node:|\.\/[^/]+$)/.test(line))).toEqual([]);
  });

  it.each([
    ['dockerode', /^services\/funclet\/src\/engine\//],
    ['express', /\/http\//],
    ['bullmq', /^services\/controller\/src\/(async|triggers)\//],
    ['ioredis', /redis[^/]*\.ts$/],
    ['cron-parser', /^services\/controller\/src\/triggers\/sources\/cron\/schedule\.ts$/],
    ['path-to-regexp', /^services\/controller\/src\/triggers\/sources\/http\/route-pattern\.ts$/],
    ['@smithy/signature-v4', /^services\/controller\/src\/auth\/signature\/sign-request\.ts$/],
    ['@smithy/hash-node', /^services\/controller\/src\/auth\/signature\/sign-request\.ts$/],
    ['@smithy/core/event-streams', /^services\/controller\/src\/invoke\/lambda\/stream-messages\.ts$/],
    ['mqtt', /^services\/controller\/src\/triggers\/sources\/mqtt\//],
    ['cloudevents', /^services\/controller\/src\/triggers\/sources\/cloudevents\//],
    ['winston', /^packages\/service-kit\/src\/logger\.ts$/],
    ['joi', /^packages\/contracts\/src\/schemas\//],
    ['prom-client', /^packages\/service-kit\/src\/metrics\.ts$/],
    ['koffi', /^services\/funclet\/src\/mounts\/mount-syscalls\.ts$/],
    ['yauzl', /^packages\/code-package\/src\//],
    ['yazl', /^packages\/code-package\/src\//],
    ['commander', /^cli\/src\//],
    ['chokidar', /^cli\/src\/commands\/dev\.ts$/],
    ['ignore', /^cli\/src\/deploy\/read-code\.ts$/],
    ['preact', /^console\/src\//],
    ['picocolors', /^cli\/src\/output\.ts$/],
    ['yaml', /^cli\/src\/read-yaml\.ts$/],
  ])('imports %s in its one place only', (library, place) => {
    expect(offenders(({ file, specifier }) => specifier === library && !place.test(file))).toEqual([]);
  });
});

describe('what sources may not do', () => {
  const lines = sources.flatMap((file) =>
    readRepositoryFile(file)
      .split('\n')
      .map((text, index) => ({ file, text, at: `${file}:${index + 1}` })),
  );
  const found = (pattern: RegExp, allowed: RegExp): string[] =>
    lines.filter(({ file, text }) => pattern.test(text) && !allowed.test(file) && !/^\s*(\*|\/\/)/.test(text)).map(({ at }) => at);

  it('reads the environment only in env.ts and main.ts', () => {
    expect(found(/\bprocess\.env\b/, /\/(env|main)\.ts$/)).toEqual([]);
  });

  it('ends the process only in lifecycle.ts and the runner', () => {
    expect(found(/\bprocess\.exit\(/, /(\/lifecycle\.ts|^services\/runner\/src\/main\.ts)$/)).toEqual([]);
  });

  it('prints nothing past the logger', () => {
    // Functions to start from are text there.
    expect(found(/\bconsole\./, /^cli\/src\/templates\.ts$/)).toEqual([]);
  });

  it('has no empty catch block', () => {
    expect(found(/catch\s*(\([^)]*\))?\s*\{\s*\}/, /^$/)).toEqual([]);
  });

  it('has no file over 300 lines', () => {
    expect(sources.filter((file) => readRepositoryFile(file).split('\n').length > 301)).toEqual([]);
  });

  it('has no file named after nothing in particular', () => {
    expect(sources.filter((file) => /\b(utils?|helpers?|common|manager|misc)\b/.test(file))).toEqual([]);
  });

  it('keeps entry files under 20 lines and composition roots under 200', () => {
    const over = (pattern: RegExp, limit: number): string[] =>
      sources.filter((file) => pattern.test(file) && readRepositoryFile(file).trimEnd().split('\n').length > limit);
    expect(over(/^services\/(controller|funclet)\/src\/main\.ts$/, 20)).toEqual([]);
    expect(over(/^services\/(controller\/src\/(controller|engine)|funclet\/src\/funclet)\.ts$/, 200)).toEqual([]);
  });
});
