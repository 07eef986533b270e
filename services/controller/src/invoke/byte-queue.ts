const FIRST_BYTES = 4096;
const NOTHING = Buffer.alloc(0);

/** Bytes that wait, in one piece of memory: a thousand pieces of one byte must not become a thousand buffers. */
export class ByteQueue {
  #memory: Buffer = NOTHING;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** Copies the piece. */
  push(piece: Buffer): void {
    const wanted = this.#bytes + piece.length;
    if (wanted > this.#memory.length) {
      const larger = Buffer.allocUnsafe(Math.max(FIRST_BYTES, wanted, this.#memory.length * 2));
      larger.set(this.#memory.subarray(0, this.#bytes));
      this.#memory = larger;
    }
    this.#memory.set(piece, this.#bytes);
    this.#bytes = wanted;
  }

  /** Gives everything away. */
  takeAll(): Buffer {
    const all = this.#memory.subarray(0, this.#bytes);
    this.#memory = NOTHING;
    this.#bytes = 0;
    return all;
  }
}
