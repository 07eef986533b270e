import type { LentPieces } from './payload-memory';

/**
 * Bytes of a request as they came from the network, in order. Large ones stay in pieces: joining them costs a copy, and memory
 * outside of the heap whose amount makes V8 collect all the sooner.
 */
export interface Payload {
  readonly chunks: readonly Buffer[];
  readonly bytes: number;
  /** Set where the chunks are memory that is used again: they are another payload's when the call has ended. */
  readonly lent?: LentPieces | undefined;
}

export const NO_PAYLOAD: Payload = { chunks: [], bytes: 0 };

export const payloadOf = (bytes: Buffer): Payload => ({ chunks: [bytes], bytes: bytes.length });
