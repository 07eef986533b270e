import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_PACKAGE_LIMITS, PackageError, extractPackage, inspectPackage, zipFiles, zipSingleFile, type PackageLimits } from '.';
import { zipBytes, type ZipPart } from './testing/zip-bytes';

const MIB = 1024 * 1024;
const never = new AbortController().signal;
let directory: string;
let zipPath: string;
let target: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'easyfaas-package-'));
  zipPath = join(directory, 'p.zip');
  target = await mkdtemp(join(directory, 'target-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

async function refusal(bytes: Uint8Array, limits: PackageLimits = DEFAULT_PACKAGE_LIMITS): Promise<PackageError> {
  await rm(target, { recursive: true });
  await mkdir(target);
  await writeFile(zipPath, bytes);
  const inspected: unknown = await inspectPackage(zipPath, limits).catch((error: unknown) => error);
  const extracted: unknown = await extractPackage(zipPath, target, limits, never).catch((error: unknown) => error);
  if (!(inspected instanceof PackageError)) throw new Error(`inspect did not refuse: ${JSON.stringify(inspected)}`);
  if (!(extracted instanceof PackageError)) throw new Error(`extract did not refuse: ${JSON.stringify(extracted)}`);
  expect(extracted.code).toBe(inspected.code);
  expect(await readdir(directory)).toHaveLength(2);
  return inspected;
}

describe('a good package', () => {
  const parts: ZipPart[] = [
    { name: 'index.js', content: 'exports.handler = 1;' },
    { name: 'lib/', content: '' },
    { name: 'lib/deep/tool.sh', content: '#!/bin/sh\n', mode: 0o106755 },
    { name: 'stored.bin', content: 'as it is', isStored: true },
    { name: 'empty.txt' },
    { name: 'näme.txt', content: 'x' },
    { name: 'large.bin', content: Buffer.from(Array.from({ length: 900_000 }, (_, index) => (index * index) & 0xff)) },
  ];

  it('is inspected without writing', async () => {
    await writeFile(zipPath, zipBytes(parts));
    expect(await inspectPackage(zipPath, DEFAULT_PACKAGE_LIMITS)).toEqual({ files: 6, unpackedBytes: 900_039 });
  });

  it('is extracted with contents and read-only modes, setuid bits dropped', async () => {
    await writeFile(zipPath, zipBytes(parts));
    const extracted = await extractPackage(zipPath, target, DEFAULT_PACKAGE_LIMITS, never);
    const { ino, mtimeMs, ctimeMs } = await stat(join(target, 'lib/deep/tool.sh'));
    expect(extracted.entries).toContainEqual({
      path: 'lib/deep/tool.sh',
      bytes: 10,
      sha256: createHash('sha256').update('#!/bin/sh\n').digest('hex'),
      inode: ino,
      modifiedMs: mtimeMs,
      changedMs: ctimeMs,
    });
    expect(extracted.directories).toEqual(['lib', 'lib/deep']);
    expect(await readFile(join(target, 'index.js'), 'utf8')).toBe('exports.handler = 1;');
    expect(await readFile(join(target, 'stored.bin'), 'utf8')).toBe('as it is');
    // Compared as a whole: jest would go through 900 000 bytes one by one.
    expect(Buffer.from(parts[6]?.content ?? '').equals(await readFile(join(target, 'large.bin')))).toBe(true);
    const mode = async (path: string): Promise<number> => (await stat(join(target, path))).mode & 0o7777;
    expect(await mode('index.js')).toBe(0o444);
    expect(await mode('lib/deep/tool.sh')).toBe(0o555);
    expect(await mode('lib')).toBe(0o555);
    expect(await mode('lib/deep')).toBe(0o555);
  });

  it('has its modes whatever the umask is', async () => {
    const umask = process.umask(0o277);
    try {
      await writeFile(zipPath, zipBytes(parts));
      await extractPackage(zipPath, target, DEFAULT_PACKAGE_LIMITS, never);
    } finally {
      process.umask(umask);
    }
    expect((await stat(join(target, 'index.js'))).mode & 0o777).toBe(0o444);
  });

  it('may hold a zip bomb as a file, which is not opened', async () => {
    const bomb = zipBytes([{ name: 'b', content: Buffer.alloc(20 * MIB) }]);
    await writeFile(zipPath, zipBytes([{ name: 'bomb.zip', content: bomb }]));
    expect(await inspectPackage(zipPath, DEFAULT_PACKAGE_LIMITS)).toEqual({ files: 1, unpackedBytes: bomb.length });
  });

  it('may begin its names with ./', async () => {
    await writeFile(zipPath, zipBytes([{ name: './' }, { name: './a/b.txt', content: 'b' }]));
    await extractPackage(zipPath, target, DEFAULT_PACKAGE_LIMITS, never);
    expect(await readFile(join(target, 'a/b.txt'), 'utf8')).toBe('b');
  });

  it('stops with the reason of its signal', async () => {
    await writeFile(zipPath, zipBytes(parts));
    const reason = new Error('told to stop');
    await expect(extractPackage(zipPath, target, DEFAULT_PACKAGE_LIMITS, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

describe('names', () => {
  it.each(
    [
      ['../evil'],
      ['a/../../evil'],
      ['/etc/evil'],
      ['a\\..\\..\\evil'],
      ['C:/evil'],
      ['a//b'],
      ['a/./b'],
      ['a\0b'],
      ['a\nb'],
      ['a\u001b[31mb'],
      ['exe\u202Etxt.js'],
      ['a.'],
      ['a /b'],
      [`${'d/'.repeat(40)}f`],
      ['n'.repeat(300)],
      ['n'.repeat(6000)],
      [''],
    ].map(([name = '']) => ({ name, shown: JSON.stringify(name).slice(0, 40) })),
  )('refuses $shown', async ({ name }) => {
    expect((await refusal(zipBytes([{ name, content: 'x' }]))).code).toBe('INVALID_PACKAGE');
  });

  it('refuses a name that is not UTF-8 and shows it escaped', async () => {
    const error = await refusal(zipBytes([{ name: Buffer.from([0x61, 0xff, 0x62]), content: 'x' }]));
    expect(error.code).toBe('INVALID_PACKAGE');
    expect(error.message).toContain('UTF-8');
  });

  it('refuses the same name twice, also in another normal form', async () => {
    expect((await refusal(zipBytes([{ name: 'a' }, { name: 'a' }]))).message).toBe('"a" occurs twice.');
    expect((await refusal(zipBytes([{ name: '\u00e9' }, { name: 'e\u0301' }]))).code).toBe('INVALID_PACKAGE');
  });

  it.each([[['a', 'a/b']], [['a/b', 'a']], [['a/b/c', 'a']]])('refuses a file that is also a directory: %j', async (names) => {
    expect((await refusal(zipBytes(names.map((name) => ({ name, content: 'x' }))))).message).toContain('also a directory');
  });
});

describe('kinds of entries', () => {
  it.each([
    ['symbolic link', 0o120777],
    ['FIFO', 0o010644],
    ['character device', 0o020644],
    ['block device', 0o060644],
    ['socket', 0o140644],
  ])('refuses a %s', async (_, mode) => {
    expect((await refusal(zipBytes([{ name: 'x', content: '/etc/passwd', mode }]))).code).toBe('PACKAGE_LINK');
  });

  it('refuses a directory with content, and a file that pretends to be one', async () => {
    expect((await refusal(zipBytes([{ name: 'f' }, { name: 'd/', content: 'x' }]))).code).toBe('INVALID_PACKAGE');
    expect((await refusal(zipBytes([{ name: 'd/', mode: 0o100644 }]))).code).toBe('INVALID_PACKAGE');
    expect((await refusal(zipBytes([{ name: 'd', mode: 0o040755 }]))).code).toBe('INVALID_PACKAGE');
  });

  it('refuses encrypted entries and unknown packing methods', async () => {
    expect((await refusal(zipBytes([{ name: 'x', flags: 0x801 }]))).message).toContain('encrypted');
    expect((await refusal(zipBytes([{ name: 'x', announcedMethod: 12 }]))).message).toContain('method 12');
  });
});

describe('sizes', () => {
  it('refuses a bomb by its announced ratio before inflating it', async () => {
    const error = await refusal(zipBytes([{ name: 'zeros', content: Buffer.alloc(30 * MIB) }]));
    expect(error.code).toBe('PACKAGE_TOO_LARGE');
    expect(error.message).toContain('100 times');
  });

  it('refuses more bytes than announced, small and large', async () => {
    const small = await refusal(zipBytes([{ name: 'liar', content: Buffer.alloc(5000), announcedBytes: 10 }]));
    expect(small.code).toBe('INVALID_PACKAGE');
    const noise = Buffer.from(Array.from({ length: 2 * MIB }, (_, index) => (index * 2_654_435_761) >>> 13));
    const large = await refusal(zipBytes([{ name: 'liar', content: noise, announcedBytes: 300_000 }]));
    expect(large.message).toContain('more than the 300000 bytes');
  });

  it('refuses fewer bytes than announced', async () => {
    expect((await refusal(zipBytes([{ name: 'short', content: 'abc', announcedBytes: 4 }]))).message).toContain('3 bytes where 4');
  });

  it('names the limit for a file, for the total and for the number of entries', async () => {
    const limits = { ...DEFAULT_PACKAGE_LIMITS, fileBytes: 10, unpackedBytes: 15, files: 2 };
    const ten = 'x'.repeat(10);
    expect(await refusal(zipBytes([{ name: 'a', content: `${ten}!` }]), limits)).toMatchObject({
      code: 'PACKAGE_TOO_LARGE',
      message: '"a" has 11 bytes unpacked, the limit for one file is 10.',
    });
    const total = await refusal(
      zipBytes([
        { name: 'a', content: ten },
        { name: 'b', content: ten },
      ]),
      limits,
    );
    expect(total).toMatchObject({ code: 'PACKAGE_TOO_LARGE', message: 'The package has over 15 bytes unpacked, which is the limit.' });
    const many = zipBytes([{ name: 'a' }, { name: 'b' }, { name: 'c' }]);
    expect((await refusal(many, limits)).code).toBe('PACKAGE_TOO_MANY_FILES');
  });

  it('refuses 70 000 entries by their announced number', async () => {
    const many = zipBytes([{ name: 'a' }], 0xffff);
    expect((await refusal(many)).code).toBe('PACKAGE_TOO_MANY_FILES');
  });
});

describe('damage', () => {
  it('refuses what is not a zip, an empty zip, and a zip without files', async () => {
    expect((await refusal(Buffer.from('not a zip'))).code).toBe('INVALID_PACKAGE');
    expect((await refusal(Buffer.alloc(0))).code).toBe('INVALID_PACKAGE');
    expect((await refusal(zipBytes([]))).message).toBe('The package contains no file.');
    expect((await refusal(zipBytes([{ name: 'd/' }]))).message).toBe('The package contains no file.');
  });

  it('refuses a cut-off zip and one with bytes changed', async () => {
    const good = zipBytes([{ name: 'a', content: 'hello hello hello', isStored: true }]);
    expect((await refusal(good.subarray(0, good.length - 30))).code).toBe('INVALID_PACKAGE');
    const flipped = Buffer.from(good);
    flipped.writeUInt8(flipped.readUInt8(35) ^ 1, 35);
    expect((await refusal(flipped)).message).toContain('CRC');
  });

  it('refuses data that is not deflated, small and large', async () => {
    const noise = Buffer.alloc(600_000, 0xff);
    expect((await refusal(zipBytes([{ name: 'a', content: 'abc', isStored: true, announcedMethod: 8 }]))).code).toBe('INVALID_PACKAGE');
    expect((await refusal(zipBytes([{ name: 'a', content: noise, isStored: true, announcedMethod: 8 }]))).code).toBe('INVALID_PACKAGE');
  });

  it('refuses entries that overlap', async () => {
    const bomb = zipBytes([
      { name: 'a', content: 'kernel' },
      { name: 'b', content: 'kernel', sharesDataOf: 0 },
    ]);
    expect((await refusal(bomb)).message).toBe('"b" overlaps "a".');
  });

  it('passes a failing system call on as it is', async () => {
    await expect(inspectPackage(join(directory, 'none.zip'), DEFAULT_PACKAGE_LIMITS)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('a zip of one source file', () => {
  it('is the same bytes every time and passes the policy', async () => {
    const zip = await zipSingleFile('index.js', 'exports.handler = async () => 1;');
    expect(await zipSingleFile('index.js', 'exports.handler = async () => 1;')).toEqual(zip);
    await writeFile(zipPath, zip);
    await extractPackage(zipPath, target, DEFAULT_PACKAGE_LIMITS, never);
    expect(await readFile(join(target, 'index.js'), 'utf8')).toBe('exports.handler = async () => 1;');
  });

  it('can be one that is executed', async () => {
    await writeFile(zipPath, await zipSingleFile('bootstrap', '#!/bin/sh', true));
    await extractPackage(zipPath, target, DEFAULT_PACKAGE_LIMITS, never);
    expect((await stat(join(target, 'bootstrap'))).mode & 0o777).toBe(0o555);
  });
});

describe('a zip of several files', () => {
  it('does not depend on the order in which they are named, and keeps what is executable', async () => {
    const files = [
      { name: 'lib/tool.sh', content: '#!/bin/sh\n', isExecutable: true },
      { name: 'index.js', content: 'exports.handler = async () => 1;' },
    ];
    const zip = await zipFiles(files);
    expect(await zipFiles([...files].reverse())).toEqual(zip);
    await writeFile(zipPath, zip);
    await extractPackage(zipPath, target, DEFAULT_PACKAGE_LIMITS, never);
    expect((await stat(join(target, 'lib/tool.sh'))).mode & 0o777).toBe(0o555);
    expect((await stat(join(target, 'index.js'))).mode & 0o777).toBe(0o444);
  });
});
