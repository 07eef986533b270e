import type { CreateKeyRequest, CreatedKey, KeyView } from '@easyfaas/contracts/wire';
import { ServiceError, type Clock } from '@easyfaas/service-kit';
import { DEFAULT_ACCOUNT } from './authorize';
import { makeKey } from './key-format';
import type { KeySeal } from './key-seal';
import type { KeyStore, StoredKey } from './key-store';
import type { Principal } from './principal';

const ATTEMPTS = 3;

/** Makes, lists and revokes keys, for the administrators of the default account. */
export class KeyService {
  readonly #store: KeyStore;
  readonly #clock: Clock;
  readonly #random: (bytes: number) => Buffer;
  readonly #seal: KeySeal;

  constructor({ store, clock, random, seal }: { store: KeyStore; clock: Clock; random: (bytes: number) => Buffer; seal: KeySeal }) {
    this.#store = store;
    this.#seal = seal;
    this.#clock = clock;
    this.#random = random;
  }

  /** @throws ServiceError STORE_UNAVAILABLE */
  async create({ AccountId = DEFAULT_ACCOUNT, Scopes = ['admin'], Description = '' }: CreateKeyRequest): Promise<CreatedKey> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const { keyId, credential, sha256 } = makeKey(this.#random);
      const createdAt = new Date(this.#clock.wallMs()).toISOString();
      const sealed = this.#seal.seal(keyId, credential);
      const key: StoredKey = { keyId, accountId: AccountId, scopes: Scopes, description: Description, sha256, sealed, createdAt };
      if (await this.#store.add(key)) return { ...viewOf(key), Key: credential };
    }
    throw new Error(`No free key id in ${ATTEMPTS} attempts.`);
  }

  /** Of all accounts, oldest first. @throws ServiceError STORE_UNAVAILABLE */
  async list(): Promise<KeyView[]> {
    const keys = await this.#store.list();
    return keys.sort((a, b) => a.createdAt.localeCompare(b.createdAt) || a.keyId.localeCompare(b.keyId)).map(viewOf);
  }

  /**
   * Takes effect everywhere within a second.
   * @throws ServiceError CONFLICT (the caller's own key), KEY_NOT_FOUND, STORE_UNAVAILABLE
   */
  async revoke(keyId: string, by: Principal): Promise<void> {
    if (keyId === by.keyId) {
      throw new ServiceError('CONFLICT', 'A key cannot revoke itself: make another one and revoke this one with it.');
    }
    if (!(await this.#store.remove(keyId))) throw new ServiceError('KEY_NOT_FOUND', 'No key has this id.');
  }
}

function viewOf({ keyId, accountId, scopes, description, createdAt }: StoredKey): KeyView {
  return { KeyId: keyId, AccountId: accountId, Scopes: [...scopes], Description: description, CreatedAt: createdAt };
}
