import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_PACKAGE_LIMITS } from '@easyfaas/code-package';
import { zipBytes, type ZipPart } from '@easyfaas/code-package/testing';
import { FakeClock, ServiceError, silentLogger } from '@easyfaas/service-kit';
import { eventually } from '../lifecycle/testing/eventually';
import { chooseEvictions } from './choose-evictions';
import { CodeCache } from './code-cache';
import { CodeStore } from './code-store';
import { codeName } from './code-parts';
import { removeTree } from './remove-tree';

const signal = new AbortController().signal;
let directory: string;
let code: string;
let inUse: Set<string>;
let mounted: Set<string>;
let altered: string[];
const clock = new FakeClock();

const open = (maxBytes = 1_000_000): CodeCache =>
  new CodeCache({
    store: new CodeStore({ directory: code, packages: join(directory, 'packages'), limits: DEFAULT_PACKAGE_LIMITS }),
    maxBytes,
    unpackTimeoutMs: 10_000,
    comparesChangeTime: true,
    inUse: () => inUse,
    mountedNames: () => mounted,
    onAltered: (sha256) => altered.push(sha256),
    stopping: signal,
    clock,
    logger: silentLogger(),
  });

const upload = (parts: ZipPart[]): string => {
  const zip = zipBytes(parts);
  const sha256 = createHash('sha256').update(zip).digest('hex');
  writeFileSync(join(directory, 'packages', `${sha256}.zip`), zip);
  return sha256;
};

const codeOf = async (call: Promise<unknown>): Promise<string> => {
  const error: unknown = await call.then(
    () => 'no error',
    (thrown: unknown) => thrown,
  );
  return error instanceof ServiceError ? error.code : String(error);
};

/** Writes into a published file as only root could. */
const alter = (path: string): void => {
  chmodSync(path, 0o644);
  appendFileSync(path, '!');
};

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'easyfaas-code-'));
  code = join(directory, 'code');
  mkdirSync(code);
  mkdirSync(join(directory, 'packages'));
  inUse = new Set();
  mounted = new Set();
  altered = [];
});
afterEach(() => removeTree(directory));

describe('the code cache', () => {
  it('shows a package’s own files and nothing else', async () => {
    const sha256 = upload([
      { name: 'index.js', content: '1' },
      { name: 'lib/a.js', content: '2' },
    ]);
    expect(await open().ensure(sha256, signal)).toBe(sha256);
    expect(readdirSync(join(code, sha256)).sort()).toEqual(['index.js', 'lib']);
    expect(readdirSync(code).sort()).toEqual([sha256, `${sha256}.complete`]);
  });

  it('lays layers over each other in their order, checks the whole, and finds it again after a restart', async () => {
    const below = upload([
      { name: 'lib/a.js', content: 'below' },
      { name: 'lib/b.js', content: 'below' },
      { name: 'gone/x', content: 'below' },
    ]);
    const above = upload([
      { name: 'lib/a.js', content: 'above' },
      { name: 'gone', content: 'a file now' },
    ]);
    const name = codeName('default', [below, above]);
    const cache = open();
    expect(await cache.ensure(name, signal, [below, above])).toBe(name);
    const read = (path: string): string => readFileSync(join(code, name, path), 'utf8');
    expect([read('lib/a.js'), read('lib/b.js'), read('gone')]).toEqual(['above', 'below', 'a file now']);
    expect(readdirSync(code).sort()).toEqual([name, `${name}.complete`].sort());
    const { ino } = statSync(join(code, name));
    await open().ensure(name, signal, [below, above]);
    expect(statSync(join(code, name)).ino).toBe(ino);
    alter(join(code, name, 'lib/b.js'));
    expect(await codeOf(cache.ensure(name, signal, [below, above]))).toBe('CODE_CORRUPT');
    await cache.ensure(name, signal, [below, above]);
    expect(read('lib/b.js')).toBe('below');
  });

  it('leaves nothing of layers of which one is missing', async () => {
    const below = upload([{ name: 'a', content: '1' }]);
    const parts = [below, '0'.repeat(64)];
    expect(await codeOf(open().ensure(codeName('default', parts), signal, parts))).toBe('PACKAGE_MISSING');
    expect(readdirSync(code)).toEqual([]);
  });

  it('unpacks once for calls at the same time', async () => {
    const sha256 = upload([{ name: 'index.js', content: '1' }]);
    const cache = open();
    await Promise.all([cache.ensure(sha256, signal), cache.ensure(sha256, signal), cache.ensure(sha256, signal)]);
    expect(readdirSync(code)).toHaveLength(2);
  });

  it('lets one caller give up without harm to the others', async () => {
    const sha256 = upload([{ name: 'index.js', content: '1' }]);
    const cache = open();
    const impatient = cache.ensure(sha256, AbortSignal.abort(new Error('no time')));
    const patient = cache.ensure(sha256, signal);
    await expect(impatient).rejects.toThrow('no time');
    expect(await patient).toBe(sha256);
  });

  it('refuses a zip that is missing, altered or evil, and leaves nothing', async () => {
    expect(await codeOf(open().ensure('0'.repeat(64), signal))).toBe('PACKAGE_MISSING');
    const altered = upload([{ name: 'index.js', content: '1' }]);
    appendFileSync(join(directory, 'packages', `${altered}.zip`), 'x');
    expect(await codeOf(open().ensure(altered, signal))).toBe('CHECKSUM_MISMATCH');
    const evil = upload([
      { name: 'a', content: '1' },
      { name: '../evil', content: '1' },
    ]);
    expect(await codeOf(open().ensure(evil, signal))).toBe('INVALID_PACKAGE');
    const link = upload([{ name: 'a', content: '/etc/passwd', mode: 0o120777 }]);
    expect(await codeOf(open().ensure(link, signal))).toBe('PACKAGE_LINK');
    expect(readdirSync(code)).toEqual([]);
    expect(existsSync(join(directory, 'evil'))).toBe(false);
  });

  it('refuses code with a byte changed, and unpacks it anew for the next call', async () => {
    const sha256 = upload([{ name: 'index.js', content: 'good' }]);
    const cache = open();
    await cache.ensure(sha256, signal);
    alter(join(code, sha256, 'index.js'));
    expect(await codeOf(cache.ensure(sha256, signal))).toBe('CODE_CORRUPT');
    expect(await cache.ensure(sha256, signal)).toBe(sha256);
    expect(readFileSync(join(code, sha256, 'index.js'), 'utf8')).toBe('good');
  });

  it('unpacks code that is gone as a whole for the call that misses it', async () => {
    const sha256 = upload([{ name: 'index.js', content: 'good' }]);
    const cache = open();
    await cache.ensure(sha256, signal);
    removeTree(join(code, sha256));
    expect(await cache.ensure(sha256, signal)).toBe(sha256);
    expect(readFileSync(join(code, sha256, 'index.js'), 'utf8')).toBe('good');
  });

  it('refuses code with a file added or removed', async () => {
    const sha256 = upload([
      { name: 'index.js', content: 'good' },
      { name: 'lib/a.js', content: 'a' },
    ]);
    const cache = open();
    await cache.ensure(sha256, signal);
    chmodSync(join(code, sha256, 'lib'), 0o755);
    writeFileSync(join(code, sha256, 'lib', 'evil.js'), 'x');
    expect(await codeOf(cache.ensure(sha256, signal))).toBe('CODE_CORRUPT');
    await cache.ensure(sha256, signal);
    removeTree(join(code, sha256, 'index.js'));
    expect(await codeOf(cache.ensure(sha256, signal))).toBe('CODE_CORRUPT');
  });

  it('finds a change in a large package soon after handing it out, and tells', async () => {
    const many = Array.from({ length: 500 }, (_, index) => ({ name: `f${String(index).padStart(3, '0')}.js`, content: `${index}` }));
    const sha256 = upload(many);
    const cache = open();
    await cache.ensure(sha256, signal);
    const manifest = JSON.parse(readFileSync(join(code, `${sha256}.complete`), 'utf8')) as { items: { path: string }[] };
    alter(join(code, sha256, manifest.items.at(-1)?.path ?? ''));
    await cache.ensure(sha256, signal);
    expect(altered).toEqual([]);
    clock.advance(1000);
    await eventually(() => altered.length > 0);
    expect(altered).toEqual([sha256]);
  });

  it('finds a change that left no trace in the times by its hash', async () => {
    const sha256 = upload([{ name: 'index.js', content: 'good' }]);
    await open().ensure(sha256, signal);
    const path = join(code, sha256, 'index.js');
    chmodSync(path, 0o644);
    writeFileSync(path, 'evil');
    // As if the page cache had been written to: the inode knows nothing of it.
    const manifestPath = join(code, `${sha256}.complete`);
    const manifest = JSON.parse(readFileSync(manifestPath, 'utf8')) as { items: { path: string; modifiedMs: number; changedMs: number }[] };
    utimesSync(path, 1_700_000_000, 1_700_000_000);
    const item = manifest.items.find((one) => one.path === 'index.js');
    const { statSync } = await import('node:fs');
    Object.assign(item ?? {}, { modifiedMs: statSync(path).mtimeMs, changedMs: statSync(path).ctimeMs });
    writeFileSync(manifestPath, JSON.stringify(manifest));
    await open().ensure(sha256, signal);
    await eventually(() => altered.length > 0);
    expect(altered).toEqual([sha256]);
  });

  it('goes on with what an earlier process unpacked, and does not trust it blindly', async () => {
    const sha256 = upload([{ name: 'index.js', content: 'good' }]);
    await open().ensure(sha256, signal);
    removeTree(join(directory, 'packages', `${sha256}.zip`));
    expect(await open().ensure(sha256, signal)).toBe(sha256);
    alter(join(code, sha256, 'index.js'));
    expect(await codeOf(open().ensure(sha256, signal))).toBe('PACKAGE_MISSING');
  });

  it('takes a package without a manifest for half done', async () => {
    const sha256 = upload([{ name: 'index.js', content: 'good' }]);
    mkdirSync(join(code, sha256));
    writeFileSync(join(code, sha256, 'index.js'), 'half');
    await open().ensure(sha256, signal);
    expect(readFileSync(join(code, sha256, 'index.js'), 'utf8')).toBe('good');
  });

  it('drops the package unused for longest when space is short, never one in use', async () => {
    const [first, second, third] = ['1', '2', '3'].map((digit) => upload([{ name: 'f', content: digit.repeat(400), isStored: true }])) as [
      string,
      string,
      string,
    ];
    const cache = open(900);
    for (const sha256 of [first, second]) {
      await cache.ensure(sha256, signal);
      clock.advance(1000);
    }
    inUse.add(first);
    await cache.ensure(third, signal);
    expect(
      readdirSync(code)
        .filter((name) => !name.endsWith('.complete'))
        .sort(),
    ).toEqual([first, third].sort());
  });

  it('drops first what nobody used since the start', async () => {
    const [first, second] = ['1', '2'].map((digit) => upload([{ name: 'f', content: digit.repeat(400), isStored: true }])) as [
      string,
      string,
    ];
    await open().ensure(first, signal);
    await open(500).ensure(second, signal);
    expect(existsSync(join(code, first))).toBe(false);
  });

  it('keeps the files of a discarded package while a container has them mounted', async () => {
    const sha256 = upload([{ name: 'index.js', content: 'good' }]);
    const cache = open();
    await cache.ensure(sha256, signal);
    alter(join(code, sha256, 'index.js'));
    mounted = new Set([...Array(50).keys()].map((n) => `.discarded-${process.pid}-${n}-${sha256.slice(0, 12)}`));
    await codeOf(cache.ensure(sha256, signal));
    const discarded = readdirSync(code).filter((name) => name.startsWith('.discarded-'));
    expect(discarded).toHaveLength(1);
    mounted = new Set();
    cache.sweep();
    expect(readdirSync(code).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('sweeps what a killed process left half unpacked', () => {
    mkdirSync(join(code, '.unpacking-abc', 'lib'), { recursive: true });
    writeFileSync(join(code, `${'0'.repeat(64)}.complete.new`), '{');
    open().sweep();
    expect(readdirSync(code)).toEqual([]);
  });
});

describe('the choice of evictions', () => {
  const entry = (sha256: string, bytes: number, lastUsedMs: number) => ({ sha256, bytes, lastUsedMs });

  it('is empty while everything fits', () => {
    expect(chooseEvictions([entry('a', 10, 1)], new Set(), 10)).toEqual([]);
  });

  it('goes from the oldest on and stops as soon as the rest fits', () => {
    const entries = [entry('new', 10, 3), entry('old', 10, 1), entry('middle', 10, 2)];
    expect(chooseEvictions(entries, new Set(), 15)).toEqual(['old', 'middle']);
    expect(chooseEvictions(entries, new Set(['old']), 15)).toEqual(['middle', 'new']);
  });
});
