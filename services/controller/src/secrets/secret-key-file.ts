import { randomBytes } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** AES-256. */
export const SECRET_KEY_BYTES = 32;

export interface SecretKeyPlace {
  dataDir: string;
  secretsKeyFile?: string | undefined;
}

/**
 * `<dataDir>/secrets.key`: 32 random bytes in base64, made at the first boot, 0600. Secrets in Redis are sealed with it, so pods
 * that share a Redis need the same file. Or the file that the operator names, which is never made here.
 * @throws Error when the file holds something else
 */
export async function loadSecretKey({ dataDir, secretsKeyFile }: SecretKeyPlace): Promise<Buffer> {
  if (secretsKeyFile !== undefined) return given(secretsKeyFile);
  const path = join(dataDir, 'secrets.key');
  const present = await read(path);
  if (present !== undefined) return present;
  await create(path);
  const made = await read(path);
  if (made === undefined) throw new Error(`${path} was removed while it was made.`);
  return made;
}

async function given(path: string): Promise<Buffer> {
  const key = await read(path);
  if (key !== undefined) return key;
  throw new Error(
    `The file in EASYFAAS_SECRETS_KEY_FILE (${path}) is not there; make one with \`openssl rand -base64 32\`, the same for all pods.`,
  );
}

async function read(path: string): Promise<Buffer | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length === SECRET_KEY_BYTES) return key;
  throw new Error(`${path} does not hold a key of ${SECRET_KEY_BYTES} bytes in base64; restore it. A new one cannot open what is stored.`);
}

/** Whole or not at all; of two processes that start at once one wins, and both then read the same key. */
async function create(path: string): Promise<void> {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  await rm(temporary, { force: true });
  await writeFile(temporary, `${randomBytes(SECRET_KEY_BYTES).toString('base64')}\n`, { mode: 0o600, flag: 'wx', flush: true });
  try {
    await link(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}
