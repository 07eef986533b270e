import { createHash } from 'node:crypto';
import { statfsSync } from 'node:fs';
import { dataEntries } from '../support/data-directory';
import { type EvilEntry, MODE, evilZip, packageOf } from '../support/evil-zip';
import { eventually } from '../support/eventually';
import { expectError } from '../support/platform-error';
import { openSocket, requestHead } from '../support/raw-http';
import { controllerStartSeconds } from '../support/services';
import { type Answer, call, callJson, invoke, makeKey, newName, removeDeployments, stack } from '../support/stack';

const MIB = 1024 * 1024;
const HANDLER: EvilEntry = { name: 'index.js', data: 'exports.handler = async () => "deployed";' };

let controllerStart: number;

beforeAll(async () => {
  controllerStart = await controllerStartSeconds();
});

afterAll(async () => {
  await removeDeployments();
});

function upload(zip: Buffer, name = newName(), key?: string): Promise<Answer> {
  return call(`/v1/functions/${name}?Runtime=nodejs20&Handler=index.handler`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/zip' },
    body: zip,
    timeoutMs: 60_000,
    ...(key === undefined ? {} : { key }),
  });
}

/** Every path of the stores of packages and code, and of their surroundings. */
async function storedPaths(): Promise<string[]> {
  const entries = [...(await dataEntries(['packages', 'code'])), ...(await dataEntries(['.'], 1))];
  return entries.map(({ path }) => path);
}

/** Refused, and nothing of it is on the disk. */
async function expectRefused(zip: Buffer, code: Parameters<typeof expectError>[1], message?: RegExp): Promise<void> {
  const before = await storedPaths();
  const name = newName();
  expectError(await upload(zip, name), code, message);
  expect(await storedPaths()).toEqual(before);
  expectError(await call(`/v1/functions/${name}`), 'FUNCTION_NOT_FOUND');
}

const INVALID: [number, string, EvilEntry[]][] = [
  [59, 'a name that climbs out', [HANDLER, { name: '../evil', data: 'x' }]],
  [59, 'a name that climbs out in the middle', [HANDLER, { name: 'a/../../evil', data: 'x' }]],
  [59, 'an absolute name', [HANDLER, { name: '/etc/evil', data: 'x' }]],
  [59, 'a name that climbs out with backslashes', [HANDLER, { name: 'a\\..\\..\\evil', data: 'x' }]],
  [59, 'a name with a drive letter', [HANDLER, { name: 'C:/evil', data: 'x' }]],
  [60, 'two entries of one name', [HANDLER, { ...HANDLER, data: 'other' }]],
  [60, 'a file that is also a directory', [HANDLER, { name: 'a', data: 'x' }, { name: 'a/b', data: 'x' }]],
  [67, 'a path of 6 000 characters', [HANDLER, { name: 'x'.repeat(6000), data: 'x' }]],
  [67, 'a path 3 000 deep', [HANDLER, { name: `${'a/'.repeat(3000)}x`, data: 'x' }]],
  [67, 'a path of short names that is too deep', [HANDLER, { name: `${'a/'.repeat(100)}x`, data: 'x' }]],
  [68, 'a NUL in a name', [HANDLER, { name: 'a\0b', data: 'x' }]],
  [68, 'a line break in a name', [HANDLER, { name: 'a\nb', data: 'x' }]],
  [68, 'a name that is not UTF-8', [HANDLER, { name: Buffer.from([0x61, 0xff, 0xfe]), data: 'x' }]],
  [68, 'a name that reads from right to left', [HANDLER, { name: 'a\u202egpj.exe', data: 'x' }]],
  [68, 'a name that ends in a dot', [HANDLER, { name: 'a.', data: 'x' }]],
  [68, 'a name that ends in a space', [HANDLER, { name: 'a ', data: 'x' }]],
  [68, 'an empty name', [HANDLER, { name: '', data: 'x' }]],
  [
    71,
    'entries that overlap',
    [
      { ...HANDLER, method: 8 },
      { ...HANDLER, name: 'index.js', method: 8, overlaps: 0 },
    ],
  ],
  [
    71,
    'entries of different names that share their bytes',
    [
      { ...HANDLER, method: 8 },
      { ...HANDLER, name: 'other.js', method: 8, overlaps: 0 },
    ],
  ],
  [72, 'a checksum that is wrong', [{ ...HANDLER, crc: 0xdeadbeef }]],
  [72, 'a size that is announced too small', [{ ...HANDLER, method: 8, size: 3 }]],
  [72, 'a size that is announced too large', [{ ...HANDLER, method: 8, size: 3000 }]],
  [72, 'data that is not deflated', [{ ...HANDLER, method: 8, raw: Buffer.from('not deflated at all') }]],
  [72, 'an encrypted entry', [{ ...HANDLER, flags: 0x0801 }]],
  [72, 'no file at all', []],
  [72, 'only a directory', [{ name: 'a/', mode: 0o040_755 }]],
];

describe('C. A package that is wrong is refused whole:', () => {
  it.each(INVALID)('C%i %s', async (_row, _title, entries) => {
    await expectRefused(evilZip(entries), 'INVALID_PACKAGE');
  });

  it('C59 and the text names the entry', async () => {
    await expectRefused(evilZip([HANDLER, { name: '../evil', data: 'x' }]), 'INVALID_PACKAGE', /\.\.\/evil/);
  });

  it.each<[number, string, Buffer]>([
    [72, 'bytes that are no zip', Buffer.from('this is not a zip, however long it is looked at')],
    [72, 'an empty body', Buffer.alloc(0)],
    [72, 'a zip that was cut off', evilZip([HANDLER]).subarray(0, 60)],
    [72, 'a zip whose directory was cut off', evilZip([HANDLER, { name: 'b', data: 'b' }]).subarray(30)],
    [62, 'a tar', Buffer.concat([Buffer.from('index.js'), Buffer.alloc(249), Buffer.from('ustar\0'), Buffer.alloc(10_000)])],
  ])('C%i %s', async (_row, _title, bytes) => {
    await expectRefused(bytes, ['INVALID_PACKAGE', 'INVALID_JSON']);
  });

  it.each<[number, string, EvilEntry[]]>([
    [61, 'a symbolic link', [HANDLER, { name: 'link', data: '/etc/passwd', mode: MODE.symlink }]],
    [
      61,
      'a symbolic link and a file written through it',
      [HANDLER, { name: 'link', data: '/tmp', mode: MODE.symlink }, { name: 'link/evil', data: 'x' }],
    ],
    [62, 'a character device', [HANDLER, { name: 'device', mode: MODE.characterDevice }]],
    [62, 'a block device', [HANDLER, { name: 'device', mode: MODE.blockDevice }]],
    [62, 'a FIFO', [HANDLER, { name: 'fifo', mode: MODE.fifo }]],
    [62, 'a socket', [HANDLER, { name: 'socket', mode: MODE.socket }]],
  ])('C%i %s', async (_row, _title, entries) => {
    await expectRefused(evilZip(entries), 'PACKAGE_LINK');
  });
});

describe('C. A package that is too much is refused before it is unpacked:', () => {
  it('C64 300 KB that unpack to 300 MB', async () => {
    const freeBefore = freeBytes();
    await expectRefused(evilZip([HANDLER, { name: 'bomb', data: Buffer.alloc(300 * MIB), method: 8 }]), 'PACKAGE_TOO_LARGE', /\d/);
    expect(freeBefore - freeBytes()).toBeLessThan(64 * MIB);
  }, 60_000);

  it('C64 a bomb that announces a harmless size', async () => {
    const bomb = { name: 'bomb', data: Buffer.alloc(300 * MIB), method: 8 as const, size: 1000 };
    await expectRefused(evilZip([HANDLER, bomb]), ['PACKAGE_TOO_LARGE', 'INVALID_PACKAGE']);
  }, 60_000);

  it('C64 many files that are too much together', async () => {
    const entries = Array.from({ length: 30 }, (_, index) => ({ name: `part${index}`, data: Buffer.alloc(10 * MIB), method: 8 as const }));
    await expectRefused(evilZip([HANDLER, ...entries]), 'PACKAGE_TOO_LARGE');
  }, 60_000);

  it('C65 70 000 empty files', async () => {
    const files = Array.from({ length: 70_000 }, (_, index) => ({ name: `f${index}` }));
    await expectRefused(evilZip([HANDLER, ...files]), 'PACKAGE_TOO_MANY_FILES', /65[ ,]?000/);
  }, 60_000);

  it('C66 a zip over 50 MB', async () => {
    const name = newName();
    expectError(await upload(Buffer.alloc(50 * MIB + 1), name), ['PACKAGE_TOO_LARGE', 'PAYLOAD_TOO_LARGE'], /50 MiB|50 MB|52428800/);
  }, 60_000);
});

describe('C. A package that is odd but sound is taken as it is:', () => {
  it('C70 a zip in the zip stays a file', async () => {
    const inner = evilZip([{ name: 'bomb', data: Buffer.alloc(20 * MIB), method: 8 }]);
    const name = newName();
    const code = `const fs = require('node:fs');
exports.handler = async () => ({ entries: fs.readdirSync('/var/task').sort(), bytes: fs.statSync('/var/task/42.zip').size });`;
    expect((await upload(packageOf({ 'index.js': code, '42.zip': inner }), name)).status).toBe(201);
    expect((await invoke(name)).json()).toEqual({ entries: ['42.zip', 'index.js'], bytes: inner.length });
  });

  it('C69 a set-user-id bit and write permission are not kept', async () => {
    const name = newName();
    const code = `const fs = require('node:fs');
exports.handler = async () => Object.fromEntries(fs.readdirSync('/var/task').map((each) => [each, (fs.statSync('/var/task/' + each).mode & 0o7777).toString(8)]));`;
    const zip = evilZip([
      { name: 'index.js', data: code },
      { name: 'tool', data: '#!/bin/sh\n', mode: MODE.setuid },
    ]);
    expect((await upload(zip, name)).status).toBe(201);
    expect((await invoke(name)).json()).toEqual({ 'index.js': '444', tool: '555' });
  });

  it('C73 a package with another SHA-256 than announced is refused', async () => {
    const zip = packageOf({ 'index.js': 'exports.handler = async () => 1;' });
    const body = (sha256: string): object => ({
      Runtime: 'nodejs20',
      Handler: 'index.handler',
      Code: { ZipFile: zip.toString('base64'), Sha256: sha256 },
    });
    const before = await storedPaths();
    expectError(await callJson('POST', `/v1/functions/${newName()}`, body('0'.repeat(64))), 'CHECKSUM_MISMATCH');
    expect(await storedPaths()).toEqual(before);
    const right = await callJson('POST', `/v1/functions/${newName()}`, body(createHash('sha256').update(zip).digest('hex')));
    expect(right.status).toBe(201);
  });

  it('C73 the same package of two accounts makes two functions that run apart', async () => {
    const key = await makeKey('corpus-c73');
    const zip = packageOf({ 'index.js': `const id = Math.random();\nexports.handler = async () => id;` });
    const [mine, theirs] = [newName(), newName(key)];
    expect((await upload(zip, mine)).status).toBe(201);
    expect((await upload(zip, theirs, key)).status).toBe(201);
    const [first, second] = [await invoke(mine), await invoke(theirs, {}, { key })];
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(first.headers.get('x-easyfaas-container')).not.toBe(second.headers.get('x-easyfaas-container'));
    expect(first.text).not.toBe(second.text);
  });

  it('C74 an upload that ends at 99 % leaves nothing on the disk', async () => {
    const before = await storedPaths();
    const name = newName();
    const zip = packageOf({ 'index.js': 'exports.handler = async () => 1;', 'data.bin': Buffer.from(`${Math.random()}`.repeat(20_000)) });
    const socket = await openSocket();
    const head = requestHead(`POST /v1/functions/${name}?Runtime=nodejs20&Handler=index.handler HTTP/1.1`, [
      'Content-Type: application/zip',
      `Content-Length: ${zip.length}`,
    ]);
    socket.write(head);
    await new Promise((resolve) => socket.write(zip.subarray(0, Math.floor(zip.length * 0.99)), resolve));
    socket.destroy();
    await eventually(async () => expect(await storedPaths()).toEqual(before), 20_000);
    expectError(await call(`/v1/functions/${name}`), 'FUNCTION_NOT_FOUND');
  });

  it('C74 of two creations of one name at once exactly one succeeds, and its code is the one that runs', async () => {
    const name = newName();
    const codes = [1, 2, 3, 4].map((index) => packageOf({ 'index.js': `exports.handler = async () => ${index};` }));
    const answers = await Promise.all(codes.map((zip) => upload(zip, name)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    for (const answer of answers) if (answer.status === 409) expectError(answer, 'CONFLICT');
    const winner = answers.findIndex(({ status }) => status === 201) + 1;
    expect((await invoke(name)).text).toBe(String(winner));
  });

  it('stores nothing but plain files and directories, and is the same process after all of it', async () => {
    const odd = (await dataEntries(['packages', 'code'])).filter(({ type }) => type !== 'f' && type !== 'd');
    expect(odd).toEqual([]);
    expect(await controllerStartSeconds()).toBe(controllerStart);
  });
});

function freeBytes(): number {
  const { bavail, bsize } = statfsSync(stack.dataDirectory);
  return bavail * bsize;
}
