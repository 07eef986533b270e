/** Payloads given back after which their memory is freed: few enough for V8 not to collect its whole heap for them. */
const GARBAGE_BYTES = 32 * 1024 * 1024;

/**
 * Bytes of payloads held at once: being received, waiting, or with a function that runs. Connections times 6 MiB would be more
 * than any machine has.
 */
export class PayloadBudget {
  readonly #limitBytes: number;
  readonly #collectGarbage: () => void;
  #heldBytes = 0;
  #garbageBytes = 0;

  /** @param collectGarbage called now and then, when many payloads were given back */
  constructor(limitBytes: number, collectGarbage: () => void = () => undefined) {
    this.#limitBytes = limitBytes;
    this.#collectGarbage = collectGarbage;
  }

  /** @returns false when there is no room; then nothing was taken */
  take(bytes: number): boolean {
    if (this.#heldBytes + bytes > this.#limitBytes) return false;
    this.#heldBytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#heldBytes -= bytes;
    this.#garbageBytes += bytes;
    if (this.#garbageBytes < GARBAGE_BYTES) return;
    this.#garbageBytes = 0;
    this.#collectGarbage();
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  get limitBytes(): number {
    return this.#limitBytes;
  }
}
