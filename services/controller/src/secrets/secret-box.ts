import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { ServiceError } from '@easyfaas/service-kit';

const VERSION = 'v1';
/** NIST SP 800-38D, 8.2: 96 bits for GCM. */
const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID_CHARACTERS = 8;

/**
 * Seals short texts with AES-256-GCM: `v1.<key id>.<base64url of iv, tag, ciphertext>`. The place that a secret belongs to is
 * authenticated with it: a sealed text that was copied to another place in the store does not open there.
 */
export class SecretBox {
  readonly #key: Buffer;
  readonly #keyId: string;

  /** @param key 32 bytes */
  constructor(key: Buffer) {
    this.#key = key;
    this.#keyId = createHash('sha256').update('easyfaas secret key id\0').update(key).digest('hex').slice(0, KEY_ID_CHARACTERS);
  }

  /** @param place names whose and which secret it is, such as `trigger/<account>/<id>/<name>` */
  seal(text: string, place: string): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv).setAAD(Buffer.from(place));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return `${VERSION}.${this.#keyId}.${Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url')}`;
  }

  /** @throws ServiceError SECRET_UNREADABLE (another key, another place, damaged) */
  open(sealed: string, place: string): string {
    const [version, keyId, body] = sealed.split('.');
    if (version !== VERSION || body === undefined) throw unreadable('it is not in a form that this version knows');
    if (keyId !== this.#keyId) {
      throw unreadable(`it was sealed with the key ${keyId ?? ''}, secrets.key here is ${this.#keyId}: all pods need the same secrets.key`);
    }
    const bytes = Buffer.from(body, 'base64url');
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(place)).setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      return decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
    } catch (cause) {
      throw unreadable('it is damaged or belongs elsewhere', cause);
    }
  }
}

function unreadable(why: string, cause?: unknown): ServiceError {
  return new ServiceError('SECRET_UNREADABLE', `A stored secret cannot be read: ${why}. Set it again, or restore the file.`, { cause });
}
