import type { SecretBox } from '../secrets/secret-box';

/**
 * Keeps whole keys, sealed: a signature can be checked only by who can make it. A key is sealed when it is made, or, if it is
 * older than this, when it is used the first time.
 */
export interface KeySeal {
  seal(keyId: string, credential: string): string;
  /** @throws ServiceError SECRET_UNREADABLE */
  open(keyId: string, sealed: string): string;
}

export function createKeySeal(box: SecretBox): KeySeal {
  const placeOf = (keyId: string): string => `key/${keyId}`;
  return {
    seal: (keyId, credential) => box.seal(credential, placeOf(keyId)),
    open: (keyId, sealed) => box.open(sealed, placeOf(keyId)),
  };
}
