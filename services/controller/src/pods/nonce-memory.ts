import { CLAIMS_MS } from './pod-claims';

/** A signature may be dated so far ahead, and is good for so long. */
const REMEMBERED_MS = 2 * CLAIMS_MS;

/**
 * Nonces of requests that were accepted, so that none is accepted twice. Two generations instead of a time for each: the older
 * one is dropped whole when every signature in it is too old anyway.
 */
export class NonceMemory {
  #young = new Set<string>();
  #old = new Set<string>();
  #turnedAtMs = 0;

  /** Remembers it. @returns whether it is new */
  take(nonce: string, nowMs: number): boolean {
    if (nowMs - this.#turnedAtMs >= REMEMBERED_MS) this.#turn(nowMs);
    if (this.#young.has(nonce) || this.#old.has(nonce)) return false;
    this.#young.add(nonce);
    return true;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  #turn(nowMs: number): void {
    // After a longer pause the younger ones are too old as well.
    this.#old = nowMs - this.#turnedAtMs >= 2 * REMEMBERED_MS ? new Set() : this.#young;
    this.#young = new Set();
    this.#turnedAtMs = nowMs;
  }
}
