/** Allowance of bytes that refills with time. Pure: the clock is the caller's. */
export class TokenBucket {
  readonly #burstBytes: number;
  readonly #bytesPerSecond: number;
  #left: number;
  #atMs: number;

  constructor(burstBytes: number, bytesPerSecond: number, nowMs: number) {
    this.#burstBytes = burstBytes;
    this.#bytesPerSecond = bytesPerSecond;
    this.#left = burstBytes;
    this.#atMs = nowMs;
  }

  /** Takes up to `wanted` bytes and says how many it gave. */
  take(wanted: number, nowMs: number): number {
    this.#left = Math.min(this.#burstBytes, this.#left + ((nowMs - this.#atMs) * this.#bytesPerSecond) / 1000);
    this.#atMs = nowMs;
    const given = Math.min(wanted, Math.floor(this.#left));
    this.#left -= given;
    return given;
  }
}
