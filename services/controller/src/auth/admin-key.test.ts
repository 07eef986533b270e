import { randomBytes } from 'node:crypto';
import { FakeClock, silentLogger, type Logger } from '@easyfaas/service-kit';
import { AdminKey } from './admin-key';
import type { AdminKeyFile } from './admin-key-file';
import { SecretBox } from '../secrets/secret-box';
import { keyIdOf, matchesHash } from './key-format';
import { createKeySeal } from './key-seal';
import { FakeKeyStore } from './testing/fake-key-store';

const SEAL = createKeySeal(new SecretBox(Buffer.alloc(32, 7)));

class MemoryFile implements AdminKeyFile {
  readonly path = '/data/admin.key';
  content: string | undefined;

  async read(): Promise<string | undefined> {
    return this.content;
  }

  async write(credential: string): Promise<void> {
    this.content = credential;
  }

  async remove(): Promise<void> {
    this.content = undefined;
  }
}

describe('the admin key', () => {
  let clock: FakeClock;
  let store: FakeKeyStore;
  let file: MemoryFile;
  let lines: string[];

  beforeEach(() => {
    clock = new FakeClock();
    store = new FakeKeyStore();
    file = new MemoryFile();
    lines = [];
  });

  const logger = (): Logger => {
    const write = (message: string, fields?: Record<string, unknown>): void => void lines.push(`${message} ${JSON.stringify(fields)}`);
    return { ...silentLogger(), info: write, warn: write };
  };

  const start = async (mustReset = false): Promise<AdminKey> => {
    const adminKey = new AdminKey({ store, file, clock, random: randomBytes, seal: SEAL, logger: logger(), mustReset });
    await adminKey.start();
    return adminKey;
  };

  const advance = async (ms: number): Promise<void> => {
    clock.advance(ms);
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };

  const registered = (): boolean => matchesHash(file.content ?? '', store.keys.get(store.admin ?? '')?.sha256);

  it('is made at first boot, with a log line that names the file and not the key', async () => {
    const adminKey = await start();
    expect(registered()).toBe(true);
    expect(store.keys.get(store.admin ?? '')).toMatchObject({ accountId: 'default', scopes: ['admin'] });
    await expect(adminKey.check()).resolves.toBeUndefined();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('/data/admin.key');
    expect(lines.join()).not.toContain(file.content);
  });

  it('stays as it is at the next start', async () => {
    await start();
    const { content } = file;
    await start();
    expect([file.content, registered(), store.keys.size]).toEqual([content, true, 1]);
  });

  it('is kept sealed as well, also one of before', async () => {
    await start();
    const keyId = store.admin ?? '';
    const sealed = (): string => SEAL.open(keyId, store.keys.get(keyId)?.sealed ?? '');
    expect(sealed()).toBe(file.content);
    store.unseal(keyId);
    await start();
    expect(sealed()).toBe(file.content);
  });

  it('is registered again when the store was emptied, also while running', async () => {
    await start();
    const { content } = file;
    store.keys.clear();
    store.admin = undefined;
    await advance(2000);
    expect([file.content, registered()]).toEqual([content, true]);
  });

  it('is registered again as soon as the store is back', async () => {
    await start();
    store.keys.clear();
    store.admin = undefined;
    store.gap();
    await advance(0);
    expect(registered()).toBe(true);
  });

  it('is not made a second time when its file is lost: the way to recover is logged once', async () => {
    (await start()).stop();
    const { admin } = store;
    file.content = undefined;
    lines = [];
    await start();
    await advance(10_000);
    expect([store.admin, file.content]).toEqual([admin, undefined]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('EASYFAAS_RESET_ADMIN_KEY=yes');
  });

  it('is not made by a running controller whose store was emptied and that has no file', async () => {
    await start();
    file.content = undefined;
    store.keys.clear();
    store.admin = undefined;
    await advance(10_000);
    expect([store.admin, file.content]).toEqual([undefined, undefined]);
  });

  it('is left alone when the file holds the key of another instance', async () => {
    await start();
    const { admin } = store;
    file.content = `easyfaas_zzzzzzzz_${'A'.repeat(43)}`;
    await start();
    expect([store.admin, keyIdOf(file.content)]).toEqual([admin, 'zzzzzzzz']);
  });

  it('of a slower controller is no key and leaves no file', async () => {
    await start();
    const winner = store.admin;
    const slower = new MemoryFile();
    const answer = store.adminKeyId.bind(store);
    store.adminKeyId = async () => undefined;
    await new AdminKey({ store, file: slower, clock, random: randomBytes, seal: SEAL, logger: logger(), mustReset: false }).start();
    store.adminKeyId = answer;
    expect([store.admin, slower.content, store.keys.size]).toEqual([winner, undefined, 1]);
  });

  it('is replaced on demand, once', async () => {
    await start();
    const { content } = file;
    await start(true);
    expect(file.content).not.toBe(content);
    expect([registered(), store.keys.size]).toEqual([true, 1]);
    const second = file.content;
    await advance(10_000);
    expect(file.content).toBe(second);
  });

  it('waits for the store: not ready meanwhile, made when it comes', async () => {
    store.isAway = true;
    const adminKey = await start();
    await expect(adminKey.check()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(file.content).toBeUndefined();
    store.isAway = false;
    await advance(1000);
    await expect(adminKey.check()).resolves.toBeUndefined();
    expect(registered()).toBe(true);
  });

  it('looks no more after it was stopped', async () => {
    const adminKey = await start();
    adminKey.stop();
    store.keys.clear();
    store.admin = undefined;
    await advance(10_000);
    expect(store.admin).toBeUndefined();
  });
});
