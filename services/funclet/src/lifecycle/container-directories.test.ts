import { mkdirSync, mkdtempSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeTree } from '../code/remove-tree';
import { ContainerDirectories } from './container-directories';
import type { ContainerRecord } from './container-record';

const A = 'aaaaaaaaaaaa';
let root: string;
let directories: ContainerDirectories;

const record = (reason: string, steps = 1): ContainerRecord => ({
  view: {
    containerId: A,
    revision: 7,
    state: 'warm',
    reason,
    runtime: 'nodejs20',
    network: 'none',
    memoryMb: 256,
    classMb: 128,
    assignment: { accountId: 'a', functionName: 'f', version: '1', commitId: 'c' },
    socketDirectory: '/s',
    token: 't',
    dockerId: 'd',
    createdAtMs: 1,
    stateSinceMs: 2,
    history: Array.from({ length: steps }, (_, index) => ({ from: 'cold' as const, to: 'warming' as const, reason, atMs: index })),
  },
  operations: { init: 'o1', 'warm-up': 'o2' },
  mountMode: 'bind',
  codeName: 'e'.repeat(64),
});

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'easyfaas-directories-'));
  directories = new ContainerDirectories(root);
});
afterEach(() => removeTree(root));

describe('the directories of a container', () => {
  it('have the modes that controller and function need, whatever the umask', () => {
    const before = process.umask(0o077);
    const paths = directories.make(A);
    process.umask(before);
    const mode = (path: string): number => statSync(path).mode & 0o777;
    expect([mode(paths.task), mode(paths.layers), mode(paths.socket)]).toEqual([0o755, 0o755, 0o775]);
  });

  it('are listed by their ids only', () => {
    directories.make(A);
    mkdirSync(join(root, 'lost+found'));
    expect(directories.list()).toEqual([A]);
  });

  it('are removed with the socket in them, also when they are gone already', () => {
    const paths = directories.make(A);
    writeFileSync(join(paths.socket, 'controller.sock'), '');
    directories.remove(A, { isLinked: false });
    directories.remove(A, { isLinked: false });
    expect(readdirSync(root)).toEqual([]);
  });

  it('are not removed while there is code in them: it could be a mount that was overlooked', () => {
    const paths = directories.make(A);
    writeFileSync(join(paths.task, 'index.js'), '1');
    expect(() => directories.remove(A, { isLinked: false })).toThrow(/ENOTEMPTY/);
    directories.remove(A, { isLinked: true });
    expect(readdirSync(root)).toEqual([]);
  });
});

describe('the record of a container', () => {
  it('is read as it was written, also over a longer one', () => {
    directories.make(A);
    directories.save(record('a rather long reason '.repeat(4)));
    directories.save(record('short'));
    expect(directories.load(A)).toEqual(record('short'));
    expect(statSync(join(root, A, 'state.json')).mode & 0o777).toBe(0o600);
  });

  it('keeps a size that needs no new disk block, by shortening what is for people', () => {
    directories.make(A);
    directories.save(record('\u0001'.repeat(512), 32));
    expect(statSync(join(root, A, 'state.json')).size).toBe(8192);
    const loaded = directories.load(A);
    expect(loaded?.view.history).toHaveLength(3);
    expect(loaded?.operations).toEqual({ init: 'o1', 'warm-up': 'o2' });
  });

  it('is absent before it was written, and an error when it is torn or wrong', () => {
    expect(directories.load(A)).toBeUndefined();
    directories.make(A);
    expect(directories.load(A)).toBeUndefined();
    writeFileSync(join(root, A, 'state.json'), '{"view":{"sta');
    expect(() => directories.load(A)).toThrow();
    writeFileSync(join(root, A, 'state.json'), '{"view":{"state":"dancing"}}');
    expect(() => directories.load(A)).toThrow();
  });
});
