import { LentPieces, type PayloadMemory } from '../invoke/payload-memory';
import type { Payload } from '../invoke/payload';

/** Smaller bodies have a buffer of their own. */
const OWN_BYTES_MAX = 16 * 1024;
/** What is left of a piece is not worth a read of its own below this. */
const READ_BYTES_MIN = 16 * 1024;

/** A body of known length on its way: read where it is to stay, or thrown away. */
export class PlainBody {
  readonly #memory: PayloadMemory;
  readonly #bytes: number;
  readonly #pieces: Buffer[] = [];
  /** Of each piece the part that is used. */
  readonly #chunks: Buffer[] = [];
  #leftBytes: number;
  #piece: Buffer | undefined;
  #usedBytes = 0;
  #isKept = true;

  /** @param bytes of the whole body */
  constructor(bytes: number, memory: PayloadMemory) {
    this.#bytes = bytes;
    this.#leftBytes = bytes;
    this.#memory = memory;
  }

  /** Bytes that have not come yet. */
  get leftBytes(): number {
    return this.#leftBytes;
  }

  /** Where the next bytes of it are to be read; undefined when nobody wants them. */
  get room(): Buffer | undefined {
    if (!this.#isKept) return undefined;
    const piece = (this.#piece ??= this.#nextPiece());
    return piece.subarray(this.#usedBytes, Math.min(piece.length, this.#usedBytes + this.#leftBytes));
  }

  /** Nobody wants it: what is still on its way is only counted. */
  discard(): void {
    this.#isKept = false;
  }

  /** So many bytes were read into {@link PlainBody.room}. */
  filled(count: number): void {
    this.#leftBytes -= count;
    this.#usedBytes += count;
    const piece = this.#piece;
    if (piece === undefined || (this.#leftBytes > 0 && piece.length - this.#usedBytes >= Math.min(READ_BYTES_MIN, this.#leftBytes))) return;
    this.#chunks.push(piece.subarray(0, this.#usedBytes));
    this.#piece = undefined;
    this.#usedBytes = 0;
  }

  /** Bytes that were read elsewhere. @returns how many of them belong to it */
  take(bytes: Buffer): number {
    const count = Math.min(bytes.length, this.#leftBytes);
    let at = 0;
    while (at < count) {
      const { room } = this;
      const taken = room === undefined ? count : bytes.copy(room, 0, at, count);
      at += taken;
      this.filled(taken);
    }
    return count;
  }

  /** What has come, once it is all of it. */
  get payload(): Payload {
    const lent = this.#pieces.length === 0 ? undefined : new LentPieces(this.#memory, this.#pieces);
    return { chunks: this.#chunks, bytes: this.#bytes, lent };
  }

  #nextPiece(): Buffer {
    if (this.#bytes <= OWN_BYTES_MAX) return Buffer.allocUnsafe(this.#bytes);
    const piece = this.#memory.take();
    this.#pieces.push(piece);
    return piece;
  }
}
