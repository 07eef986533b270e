import type { CreateKeyRequest, CreatedKey, KeyView, RotateKeyRequest } from '@easyfaas/contracts/wire';
import { ServiceError, type Clock } from '@easyfaas/service-kit';
import { without } from '../functions/without';
import { invalidField } from '../invalid-field';
import { DEFAULT_ACCOUNT, isScope, SCOPES } from './authorize';
import { credentialFor, makeKey, sha256Of } from './key-format';
import type { KeySeal } from './key-seal';
import type { KeyStore, StoredKey } from './key-store';
import type { Principal } from './principal';

const ATTEMPTS = 3;
const GRACE_SECONDS = 3600;

type Random = (bytes: number) => Buffer;

/** Makes, lists, rotates and revokes keys, for the administrators of the default account. */
export class KeyService {
  readonly #store: KeyStore;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #seal: KeySeal;

  constructor({ store, clock, random, seal }: { store: KeyStore; clock: Clock; random: Random; seal: KeySeal }) {
    this.#store = store;
    this.#seal = seal;
    this.#clock = clock;
    this.#random = random;
  }

  /** @throws ServiceError VALIDATION_FAILED, STORE_UNAVAILABLE */
  async create(request: CreateKeyRequest): Promise<CreatedKey> {
    const { AccountId = DEFAULT_ACCOUNT, Scopes = ['admin'], Functions, ExpiresAt, RateLimit, Description = '' } = request;
    const nowMs = this.#clock.wallMs();
    assertScopes(Scopes, Functions);
    const expiresAt = ExpiresAt === undefined ? undefined : expiryOf(ExpiresAt, nowMs);
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const { keyId, credential, sha256 } = makeKey(this.#random);
      const key: StoredKey = {
        keyId,
        accountId: AccountId,
        scopes: Scopes,
        ...(Functions === undefined ? {} : { functions: Functions }),
        description: Description,
        sha256,
        sealed: this.#seal.seal(keyId, credential),
        createdAt: new Date(nowMs).toISOString(),
        ...(expiresAt === undefined ? {} : { expiresAt }),
        ...(RateLimit === undefined ? {} : { rateLimit: RateLimit }),
      };
      if (await this.#store.add(key)) return { ...viewOf(key), Key: credential };
    }
    throw new Error(`No free key id in ${ATTEMPTS} attempts.`);
  }

  /** Of all accounts, oldest first. @throws ServiceError STORE_UNAVAILABLE */
  async list(): Promise<KeyView[]> {
    const [keys, uses] = await Promise.all([this.#store.list(), this.#store.uses()]);
    return keys
      .sort((a, b) => a.createdAt.localeCompare(b.createdAt) || a.keyId.localeCompare(b.keyId))
      .map((key) => viewOf(key, uses[key.keyId]));
  }

  /** @throws ServiceError KEY_NOT_FOUND, STORE_UNAVAILABLE */
  async read(keyId: string): Promise<KeyView> {
    const [key, uses] = await Promise.all([this.#find(keyId), this.#store.uses()]);
    return viewOf(key, uses[keyId]);
  }

  /**
   * Gives the key a new secret; the one before works for a grace time, an older one no more. Id, scopes and limits stay.
   * @throws ServiceError KEY_NOT_FOUND, CONFLICT (the admin key, an expired key, rotated by another at the same time), STORE_UNAVAILABLE
   */
  async rotate(keyId: string, { GraceSeconds = GRACE_SECONDS }: RotateKeyRequest): Promise<CreatedKey> {
    const known = await this.#find(keyId);
    const nowMs = this.#clock.wallMs();
    if ((await this.#store.adminKeyId()) === keyId) {
      const text =
        'The admin key is also in a file: make it anew with one start with EASYFAAS_RESET_ADMIN_KEY=yes, or use another admin key.';
      throw new ServiceError('CONFLICT', text);
    }
    if (known.expiresAt !== undefined && Date.parse(known.expiresAt) <= nowMs) {
      throw new ServiceError('CONFLICT', `The key expired at ${known.expiresAt}; make a new one.`);
    }
    const credential = credentialFor(keyId, this.#random);
    const validUntil = new Date(nowMs + GraceSeconds * 1000).toISOString();
    const rotated: StoredKey = {
      ...without(known, 'previous'),
      sha256: sha256Of(credential),
      sealed: this.#seal.seal(keyId, credential),
      rotatedAt: new Date(nowMs).toISOString(),
      ...(GraceSeconds === 0 ? {} : { previous: { ...previousOf(known), validUntil } }),
    };
    if (!(await this.#store.replace(rotated, known.sha256))) {
      throw new ServiceError('CONFLICT', 'The key was rotated or revoked by somebody else at this moment; look at it again.');
    }
    return { ...viewOf(rotated), Key: credential };
  }

  /**
   * Takes effect everywhere within a second, for all secrets of the key.
   * @throws ServiceError CONFLICT (the caller's own key), KEY_NOT_FOUND, STORE_UNAVAILABLE
   */
  async revoke(keyId: string, by: Principal): Promise<void> {
    if (keyId === by.keyId) {
      throw new ServiceError('CONFLICT', 'A key cannot revoke itself: make another one and revoke this one with it.');
    }
    if (!(await this.#store.remove(keyId))) throw keyNotFound();
  }

  async #find(keyId: string): Promise<StoredKey> {
    const key = await this.#store.find(keyId);
    if (key === undefined) throw keyNotFound();
    return key;
  }
}

function previousOf({ sha256, sealed }: StoredKey): Pick<StoredKey, 'sha256' | 'sealed'> {
  return { sha256, ...(sealed === undefined ? {} : { sealed }) };
}

function keyNotFound(): ServiceError {
  return new ServiceError('KEY_NOT_FOUND', 'No key has this id.');
}

function assertScopes(scopes: readonly string[], functions: readonly string[] | undefined): void {
  const unknown = scopes.find((scope) => !isScope(scope));
  if (unknown !== undefined) {
    throw invalidField('Scopes', `Scopes may have ${SCOPES.join(', ')} or actions (docs/security.md lists them), not "${unknown}".`);
  }
  if (functions !== undefined && scopes.includes('admin')) {
    throw invalidField('Functions', 'Functions cannot limit the scope admin; use deploy, invoke, read or single actions.');
  }
}

function expiryOf(text: string, nowMs: number): string {
  const atMs = Date.parse(text);
  if (Number.isNaN(atMs) || atMs <= nowMs) throw invalidField('ExpiresAt', 'ExpiresAt must be a time in the future.');
  return new Date(atMs).toISOString();
}

function viewOf(key: StoredKey, usedAt?: string): KeyView {
  const { keyId, accountId, scopes, functions, description, createdAt, expiresAt, rateLimit, rotatedAt, previous } = key;
  return {
    KeyId: keyId,
    AccountId: accountId,
    Scopes: [...scopes],
    ...(functions === undefined ? {} : { Functions: [...functions] }),
    Description: description,
    CreatedAt: createdAt,
    ...(expiresAt === undefined ? {} : { ExpiresAt: expiresAt }),
    ...(rateLimit === undefined ? {} : { RateLimit: rateLimit }),
    ...(rotatedAt === undefined ? {} : { RotatedAt: rotatedAt }),
    ...(previous === undefined ? {} : { PreviousValidUntil: previous.validUntil }),
    ...(usedAt === undefined ? {} : { LastUsedAt: usedAt }),
  };
}
