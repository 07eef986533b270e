import { createHash, timingSafeEqual } from 'node:crypto';

/*
 * A key is `easyfaas_<keyId>_<secret>`: the id finds the stored hash, the secret is 256 random bits. Such a secret needs no
 * slow hash; only its SHA-256 is stored.
 */

const KEY = /^easyfaas_([a-z0-9]{8})_([A-Za-z0-9_-]{43})$/;
const ID_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

export interface MadeKey {
  keyId: string;
  /** The whole key, shown once. */
  credential: string;
  /** Hex, of the whole key. */
  sha256: string;
}

/** @param random gives that many random bytes */
export function makeKey(random: (bytes: number) => Buffer): MadeKey {
  // 36 symbols do not divide 256: the id's slight bias does not matter, it is no secret.
  const keyId = [...random(8)].map((byte) => ID_ALPHABET[byte % ID_ALPHABET.length]).join('');
  const credential = credentialFor(keyId, random);
  return { keyId, credential, sha256: sha256Of(credential) };
}

/** The whole key with a new secret. @param random gives that many random bytes */
export function credentialFor(keyId: string, random: (bytes: number) => Buffer): string {
  return `easyfaas_${keyId}_${random(32).toString('base64url')}`;
}

/** @returns the id of a well-formed key, undefined for anything else */
export function keyIdOf(credential: string): string | undefined {
  return KEY.exec(credential)?.[1];
}

export function sha256Of(credential: string): string {
  return hashOf(credential).toString('hex');
}

/** Compares in constant time; an unknown key (undefined) takes the same steps. */
export function matchesHash(credential: string, sha256: string | undefined): boolean {
  const expected = Buffer.alloc(32);
  if (sha256 !== undefined) expected.write(sha256, 'hex');
  return timingSafeEqual(hashOf(credential), expected) && sha256 !== undefined;
}

function hashOf(credential: string): Buffer {
  return createHash('sha256').update(credential).digest();
}
