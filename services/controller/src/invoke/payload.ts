/**
 * Bytes of a request as they came from the network, in order. Large ones stay in pieces: joining them costs a copy, and memory
 * outside of the heap whose amount makes V8 collect all the sooner.
 */
export interface Payload {
  readonly chunks: readonly Buffer[];
  readonly bytes: number;
}

export const NO_PAYLOAD: Payload = { chunks: [], bytes: 0 };

export const payloadOf = (bytes: Buffer): Payload => ({ chunks: [bytes], bytes: bytes.length });
