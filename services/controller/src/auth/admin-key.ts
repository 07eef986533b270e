import { ServiceError, SingleFlight, type Clock, type Logger } from '@easyfaas/service-kit';
import type { AdminKeyFile } from './admin-key-file';
import { DEFAULT_ACCOUNT } from './authorize';
import { keyIdOf, makeKey, sha256Of } from './key-format';
import type { KeySeal } from './key-seal';
import type { KeyStore, StoredKey } from './key-store';

export interface AdminKeyOptions {
  store: KeyStore;
  file: AdminKeyFile;
  clock: Clock;
  random: (bytes: number) => Buffer;
  seal: KeySeal;
  logger: Logger;
  /** EASYFAAS_RESET_ADMIN_KEY: replace the admin key once, at this start. */
  mustReset: boolean;
}

const RETRY_MS = 250;
/** How soon a key lost to a FLUSHALL is registered again. */
const RECHECK_MS = 2000;

/**
 * Sees to it that there is an admin key. Its file is written before it is registered, so a crash in between is mended by the
 * next look: a file whose key the store does not know is registered again, as after the store was emptied. Keeps looking,
 * also while Redis is away at the start.
 */
export class AdminKey {
  readonly #options: AdminKeyOptions;
  #mustReset: boolean;
  readonly #looks = new SingleFlight<boolean>();
  #isSettled = false;
  #isStopped = false;
  #problem = 'The admin key has not been looked for yet.';
  #cancel: () => void = () => undefined;
  #reported: string | undefined;

  constructor(options: AdminKeyOptions) {
    this.#options = options;
    this.#mustReset = options.mustReset;
  }

  /** Resolves after the first look, whatever it found. */
  async start(): Promise<void> {
    // A store that comes back may have come back empty: then every key is unknown until this one is registered again.
    this.#options.store.onGap(() => void this.#lookAgain());
    await this.#lookAgain();
  }

  /** One look at a time; the next one follows by itself. */
  async #lookAgain(): Promise<void> {
    this.#cancel();
    const isSettled = await this.#looks.run('look', () => this.#look());
    if (this.#isStopped) return;
    this.#cancel();
    this.#cancel = this.#options.clock.after(isSettled ? RECHECK_MS : RETRY_MS, () => void this.#lookAgain());
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  /** For readiness. @throws ServiceError STORE_UNAVAILABLE until an admin key is known to exist */
  async check(): Promise<void> {
    if (!this.#isSettled) throw new ServiceError('STORE_UNAVAILABLE', this.#problem);
  }

  async #look(): Promise<boolean> {
    try {
      await this.#ensure();
      this.#isSettled = true;
      return true;
    } catch (error) {
      // Once settled it stays so: that Redis is away now is another check's matter.
      this.#problem = error instanceof Error ? error.message : 'The admin key could not be made.';
      if (this.#reported !== this.#problem) this.#options.logger.warn('admin key not ready', { error });
      this.#reported = this.#problem;
      return false;
    }
  }

  async #ensure(): Promise<void> {
    const { store, file } = this.#options;
    if (this.#mustReset) {
      await this.#reset();
      this.#mustReset = false;
      return;
    }
    const registered = await store.adminKeyId();
    const credential = await file.read();
    if (registered === undefined) {
      if (credential !== undefined) await this.#register(credential);
      else if (!this.#isSettled) await this.#makeFirst();
      // The store was emptied under us: the controller that has the file registers its key again, a new one would be a second.
      else this.#advise('the admin key is gone and its file is not here', 'unknown');
      return;
    }
    if (credential === undefined) this.#advise('the admin key exists but its file does not', registered);
    else if (keyIdOf(credential) !== registered) this.#advise('the admin key is not the one in the file', registered);
    else await this.#found(registered, credential);
  }

  async #found(keyId: string, credential: string): Promise<void> {
    this.#reported = undefined;
    if (this.#isSettled) return;
    const { store, file, seal, logger } = this.#options;
    // Of a version that did not seal keys.
    if ((await store.find(keyId))?.sealed === undefined) await store.addSealed(keyId, seal.seal(keyId, credential));
    logger.info('admin key found', { path: file.path });
  }

  /** @returns whether this key is the admin key now */
  async #register(credential: string): Promise<boolean> {
    const { store, file, logger } = this.#options;
    const key = this.#storedKey(credential);
    const winner = await store.addAdmin(key);
    if (winner.keyId === key.keyId) {
      logger.info('admin key registered', { path: file.path, keyId: key.keyId });
      return true;
    }
    this.#advise('another controller made the admin key', winner.keyId);
    return false;
  }

  /** Another controller may be faster; then ours is no key, and nobody has seen it yet. */
  async #makeFirst(): Promise<void> {
    const credential = await this.#make();
    if (!(await this.#register(credential))) await this.#options.file.remove();
  }

  async #reset(): Promise<void> {
    const { store, file, logger } = this.#options;
    // Redis first must answer: a new file for a key that cannot be registered would lock the operator out.
    await store.adminKeyId();
    const credential = await this.#make();
    await store.replaceAdmin(this.#storedKey(credential));
    logger.warn('admin key replaced; unset EASYFAAS_RESET_ADMIN_KEY now', { path: file.path });
  }

  async #make(): Promise<string> {
    const { credential } = makeKey(this.#options.random);
    await this.#options.file.write(credential);
    return credential;
  }

  #storedKey(credential: string): StoredKey {
    const keyId = keyIdOf(credential) ?? '';
    return {
      keyId,
      accountId: DEFAULT_ACCOUNT,
      scopes: ['admin'],
      description: 'admin key made at first boot',
      sha256: sha256Of(credential),
      sealed: this.#options.seal.seal(keyId, credential),
      createdAt: new Date(this.#options.clock.wallMs()).toISOString(),
    };
  }

  /** Once per situation, not with each look. */
  #advise(message: string, keyId: string): void {
    if (this.#reported === message) return;
    this.#reported = message;
    this.#options.logger.warn(message, {
      path: this.#options.file.path,
      keyId,
      recovery: 'restore the file from the machine that made it, or start once with EASYFAAS_RESET_ADMIN_KEY=yes to make a new key',
    });
  }
}
