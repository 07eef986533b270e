/** Bytes of one piece: as much as one read of a socket takes. */
export const PIECE_BYTES = 64 * 1024;
/** Pieces that are kept for the next payloads, 32 MB of them. */
const SPARE_PIECES_MAX = 512;

/**
 * Memory for payloads, in pieces that are used again. A new buffer for each read is what V8 collects by: at a megabyte a call it makes a full
 * collection every eighty calls, which takes longer than all copying of these bytes (docs/adr/0001-one-hop-frames.md).
 */
export class PayloadMemory {
  readonly #spare: Buffer[] = [];

  /** A piece with anything in it. */
  take(): Buffer {
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(PIECE_BYTES);
  }

  give(pieces: readonly Buffer[]): void {
    for (const piece of pieces) if (this.#spare.length < SPARE_PIECES_MAX) this.#spare.push(piece);
  }
}

/**
 * The pieces that one payload is in. Each who still reads it holds them; when the last one lets go, they are another payload's. Not to let go is
 * always safe: the pieces are garbage then, as any buffer. To let go too often or too early gives one caller's bytes to another.
 */
export class LentPieces {
  readonly #memory: PayloadMemory;
  readonly #pieces: readonly Buffer[];
  #holders = 1;

  constructor(memory: PayloadMemory, pieces: readonly Buffer[]) {
    this.#memory = memory;
    this.#pieces = pieces;
  }

  hold(): void {
    this.#holders++;
  }

  /** @throws Error when nobody holds them: a bug */
  letGo(): void {
    if (this.#holders === 0) throw new Error('Nobody holds these pieces any more.');
    this.#holders--;
    if (this.#holders === 0) this.#memory.give(this.#pieces);
  }
}
