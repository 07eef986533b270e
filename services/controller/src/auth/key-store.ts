import type { RateLimit } from '@easyfaas/contracts/wire';

/** A key as it is kept: the secret itself is nowhere in clear. */
export interface StoredKey {
  keyId: string;
  accountId: string;
  scopes: readonly string[];
  /** See `CreateKeyRequest`; all functions when absent. */
  functions?: readonly string[];
  description: string;
  /** Hex, of the whole key. */
  sha256: string;
  /** The whole key, by {@link KeySeal}; absent of keys that are older than this and were not used since. */
  sealed?: string;
  /** ISO 8601, UTC, like all times here. */
  createdAt: string;
  expiresAt?: string;
  rateLimit?: RateLimit;
  rotatedAt?: string;
  /** The secret before the last rotation. */
  previous?: { sha256: string; sealed?: string; validUntil: string };
}

/** Where keys last. Every method throws STORE_UNAVAILABLE when the store does not answer. */
export interface KeyStore {
  find(keyId: string): Promise<StoredKey | undefined>;
  /** MUST NOT overwrite. @returns false when the id is taken */
  add(key: StoredKey): Promise<boolean>;
  /** Only over a key whose hash is that one, and MUST tell every process (see {@link onRevoked}). @returns false when it is not */
  replace(key: StoredKey, expectedSha256: string): Promise<boolean>;
  list(): Promise<StoredKey[]>;
  /** Adds it to a key that has none, and changes nothing else. */
  addSealed(keyId: string, sealed: string): Promise<void>;
  /** MUST tell every process (see {@link onRevoked}). @returns false when there is none */
  remove(keyId: string): Promise<boolean>;
  /** Notes that a key was used at that time, ISO 8601. */
  touch(keyId: string, usedAt: string): Promise<void>;
  /** When keys were used last, by id. */
  uses(): Promise<Record<string, string>>;
  /** Id of the instance's admin key, also after that key was revoked; undefined when none was ever made. */
  adminKeyId(): Promise<string | undefined>;
  /** Makes this the admin key if there is none, atomically: several controllers may start at once. @returns whose key won */
  addAdmin(key: StoredKey): Promise<{ keyId: string }>;
  /** Makes this the admin key in place of whichever there is, which is revoked. */
  replaceAdmin(key: StoredKey): Promise<void>;
  /** Called when a key was revoked or changed: what is known of it is out of date. */
  onRevoked(listener: (keyId: string) => void): void;
  /** Called when revocations may have been missed. */
  onGap(listener: () => void): void;
}
