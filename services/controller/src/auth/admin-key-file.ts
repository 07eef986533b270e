import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keyIdOf } from './key-format';

/** `<dataDir>/admin.key`: the first key, for the operator of the machine. */
export class AdminKeyFile {
  readonly path: string;

  constructor(dataDir: string) {
    this.path = join(dataDir, 'admin.key');
  }

  /** @returns the key, undefined when there is no file @throws Error when the file holds something else */
  async read(): Promise<string | undefined> {
    const text = await readFile(this.path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text === undefined) return undefined;
    const credential = text.trim();
    if (keyIdOf(credential) === undefined) throw new Error(`${this.path} does not hold a key; remove the file or restore it.`);
    return credential;
  }

  /** Whole or not at all, readable by the owner only. */
  async write(credential: string): Promise<void> {
    const temporary = `${this.path}.${process.pid}.tmp`;
    await rm(temporary, { force: true });
    await writeFile(temporary, `${credential}\n`, { mode: 0o600, flag: 'wx', flush: true });
    await rename(temporary, this.path);
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true });
  }
}
