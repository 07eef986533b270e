import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSecretKey } from './secret-key-file';

describe('the file of the secret key', () => {
  let folder: string;

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'easyfaas-secrets-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is made once, for its owner only', async () => {
    const first = await loadSecretKey({ dataDir: folder });
    expect(first).toHaveLength(32);
    expect(statSync(join(folder, 'secrets.key')).mode & 0o777).toBe(0o600);
    expect(await loadSecretKey({ dataDir: folder })).toEqual(first);
  });

  it('is the same for two that start at once', async () => {
    const [one, two] = await Promise.all([loadSecretKey({ dataDir: folder }), loadSecretKey({ dataDir: folder })]);
    expect(one).toEqual(two);
  });

  it('is never replaced when it cannot be read', async () => {
    writeFileSync(join(folder, 'secrets.key'), 'short');
    await expect(loadSecretKey({ dataDir: folder })).rejects.toThrow('does not hold a key of 32 bytes');
    expect(readFileSync(join(folder, 'secrets.key'), 'utf8')).toBe('short');
  });

  it('may be one that the operator names, which is never made', async () => {
    const secretsKeyFile = join(folder, 'given.key');
    await expect(loadSecretKey({ dataDir: folder, secretsKeyFile })).rejects.toThrow(
      /EASYFAAS_SECRETS_KEY_FILE .*given\.key\) is not there/,
    );
    const key = Buffer.alloc(32, 7);
    writeFileSync(secretsKeyFile, `${key.toString('base64')}\n`);
    expect(await loadSecretKey({ dataDir: folder, secretsKeyFile })).toEqual(key);
    expect(existsSync(join(folder, 'secrets.key'))).toBe(false);
  });
});
