import { randomBytes } from 'node:crypto';

const NONCE_BYTES = 16;
const POOL_BYTES = NONCE_BYTES * 512;

/**
 * Nonces of 128 random bits as 32 hex characters. The random bytes are fetched for 512 nonces at a time: a system call per
 * invocation would cost more than everything else about a nonce, and a counter could be predicted from inside a container.
 */
export class NonceSource {
  readonly #fetch: (bytes: number) => Buffer;
  #pool: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(fetch: (bytes: number) => Buffer = randomBytes) {
    this.#fetch = fetch;
  }

  next(): string {
    if (this.#at >= this.#pool.length) {
      this.#pool = this.#fetch(POOL_BYTES);
      this.#at = 0;
    }
    const start = this.#at;
    this.#at = start + NONCE_BYTES;
    return this.#pool.toString('hex', start, this.#at);
  }
}
