/**
 * The frame codec of protocol 1, spoken on a container's socket after `101 Switching Protocols`.
 *
 *     u32 length | u8 type | u32 stream | u16 header length | header JSON | raw bytes
 *
 * Big endian; `length` counts everything after itself. User bytes travel raw: never escaped, never base64, never
 * copied into JSON. `stream` is the call's number on this connection, 0 for frames about the connection itself.
 * The protocol is described for authors of runtimes in docs/protocol.md.
 */

import { LIMITS } from './limits';

export const PROTOCOL_VERSION = 1;

export const FrameType = {
  HELLO: 1,
  INIT: 2,
  INIT_DONE: 3,
  INIT_ERROR: 4,
  INVOKE: 5,
  RESULT: 6,
  ERROR: 7,
  CHUNK: 8,
  END: 9,
  LOG: 10,
  CANCEL: 11,
  KILL: 12,
  RESTART: 13,
  PING: 14,
  PONG: 15,
  STATS: 16,
  EXIT: 17,
  UPDATE: 18,
  WINDOW: 19,
} as const;

export type FrameType = (typeof FrameType)[keyof typeof FrameType];

const KIB = 1024;
const USER_BYTES = LIMITS.syncPayloadBytes + 64 * KIB;

/** Largest `length` accepted per type, bytes. A longer frame closes the connection before anything is buffered. */
export const FRAME_CAPS: ReadonlyMap<number, number> = new Map<number, number>([
  [FrameType.HELLO, 4 * KIB],
  [FrameType.INIT, 64 * KIB],
  [FrameType.INIT_DONE, 4 * KIB],
  [FrameType.INIT_ERROR, 256 * KIB],
  [FrameType.INVOKE, USER_BYTES],
  [FrameType.RESULT, USER_BYTES],
  [FrameType.ERROR, 256 * KIB],
  [FrameType.CHUNK, 1024 * KIB],
  [FrameType.END, 256 * KIB],
  [FrameType.LOG, 64 * KIB],
  [FrameType.CANCEL, 4 * KIB],
  [FrameType.KILL, 4 * KIB],
  [FrameType.RESTART, 64 * KIB],
  [FrameType.PING, 4 * KIB],
  [FrameType.PONG, 4 * KIB],
  [FrameType.STATS, 4 * KIB],
  [FrameType.EXIT, 4 * KIB],
  [FrameType.UPDATE, 4 * KIB],
  [FrameType.WINDOW, 4 * KIB],
]);

/** Bytes of `u32 length`. */
const LENGTH_BYTES = 4;
/** Bytes of `u8 type | u32 stream | u16 header length`, the least that `length` can be. */
const FIXED_BYTES = 7;
/** Bytes before the header JSON. */
const PREFIX_BYTES = LENGTH_BYTES + FIXED_BYTES;
const HEADER_BYTES_MAX = 0xffff;

export interface Frame {
  type: FrameType;
  stream: number;
  /** Header JSON, not yet parsed; use {@link parseHeader}. */
  header: Buffer;
  /** Raw bytes. A view into the received chunk: copy it to keep it beyond the call. */
  body: Buffer;
}

/** A frame that the protocol does not allow. The connection that sent it must be closed. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

const EMPTY = Buffer.alloc(0);

/**
 * Encodes one frame into one buffer.
 * @param header JSON-serialisable object, or the JSON text itself (the hot path builds it by hand)
 * @throws ProtocolError when the header is over 65 535 bytes or the frame over its type's cap
 */
export function encodeFrame(type: FrameType, stream: number, header: object | string, body: Uint8Array = EMPTY): Buffer {
  const json = typeof header === 'string' ? header : JSON.stringify(header);
  const headerBytes = Buffer.byteLength(json);
  const length = FIXED_BYTES + headerBytes + body.byteLength;
  if (headerBytes > HEADER_BYTES_MAX) throw new ProtocolError(`frame header of ${headerBytes} bytes is over ${HEADER_BYTES_MAX}`);
  const cap = FRAME_CAPS.get(type);
  if (cap === undefined || length > cap)
    throw new ProtocolError(`frame of type ${type} with ${length} bytes is over its cap of ${cap ?? 0}`);
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + length);
  frame.writeUInt32BE(length, 0);
  frame.writeUInt8(type, 4);
  frame.writeUInt32BE(stream, 5);
  frame.writeUInt16BE(headerBytes, 9);
  frame.write(json, PREFIX_BYTES, headerBytes, 'utf8');
  frame.set(body, PREFIX_BYTES + headerBytes);
  return frame;
}

/**
 * Parses a frame's header as a JSON object.
 * @throws ProtocolError when it is anything else
 */
export function parseHeader(frame: Frame): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(frame.header.toString('utf8'));
  } catch (cause) {
    throw new ProtocolError(`frame of type ${frame.type} has a header that is not JSON`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ProtocolError(`frame of type ${frame.type} has a header that is not an object`);
  }
  return value as Record<string, unknown>;
}

/**
 * Turns a byte stream into frames. Untrusted input: the announced length is checked against the type's cap before the
 * frame is collected, so a peer can make the receiver hold at most one capped frame, in however small pieces it comes.
 */
export class FrameDecoder {
  readonly #accepts: ReadonlySet<FrameType>;
  readonly #onFrame: (frame: Frame) => void;
  /** A frame that did not come in one piece, as large as it will be; first only its prefix. Undefined between frames. */
  #collected: Buffer | undefined;
  #collectedBytes = 0;

  /**
   * @param accepts frame types that this end may receive; any other is a ProtocolError
   * @param onFrame called once per frame, in order; what it throws comes out of {@link push}
   */
  constructor(accepts: Iterable<FrameType>, onFrame: (frame: Frame) => void) {
    this.#accepts = new Set(accepts);
    this.#onFrame = onFrame;
  }

  /** @throws ProtocolError on a frame that is too long, too short, or of a type not accepted here */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      at = this.#collected ? this.#collect(this.#collected, chunk, at) : this.#decodeWhole(chunk, at);
    }
  }

  /** Decodes the frames that are complete in the chunk, and keeps the beginning of the one that is not. */
  #decodeWhole(chunk: Buffer, start: number): number {
    let at = start;
    let wanted = PREFIX_BYTES;
    while (chunk.length - at >= PREFIX_BYTES) {
      const length = this.#checkedLength(chunk, at);
      wanted = LENGTH_BYTES + length;
      if (chunk.length - at < wanted) break;
      const frame = decodeOne(chunk, at, length);
      at += wanted;
      wanted = PREFIX_BYTES;
      this.#onFrame(frame);
    }
    if (at < chunk.length) {
      this.#collected = Buffer.allocUnsafe(wanted);
      this.#collectedBytes = chunk.copy(this.#collected, 0, at);
    }
    return chunk.length;
  }

  /** Adds to the frame that is being collected, and decodes it when it is complete. */
  #collect(collected: Buffer, chunk: Buffer, at: number): number {
    const taken = chunk.copy(collected, this.#collectedBytes, at);
    this.#collectedBytes += taken;
    if (this.#collectedBytes < collected.length) return at + taken;
    const length = this.#checkedLength(collected, 0);
    if (collected.length < LENGTH_BYTES + length) {
      this.#collected = Buffer.allocUnsafe(LENGTH_BYTES + length);
      collected.copy(this.#collected);
      return at + taken;
    }
    this.#collected = undefined;
    this.#collectedBytes = 0;
    this.#onFrame(decodeOne(collected, 0, length));
    return at + taken;
  }

  #checkedLength(data: Buffer, at: number): number {
    const length = data.readUInt32BE(at);
    const type = data.readUInt8(at + LENGTH_BYTES) as FrameType;
    const cap = FRAME_CAPS.get(type);
    if (cap === undefined || !this.#accepts.has(type)) throw new ProtocolError(`frame type ${type} is not accepted here`);
    if (length > cap) throw new ProtocolError(`frame of type ${type} announces ${length} bytes, its cap is ${cap}`);
    if (length < FIXED_BYTES) throw new ProtocolError(`frame of type ${type} announces ${length} bytes, the least is ${FIXED_BYTES}`);
    return length;
  }
}

function decodeOne(data: Buffer, at: number, length: number): Frame {
  const end = at + LENGTH_BYTES + length;
  const headerStart = at + PREFIX_BYTES;
  const headerEnd = headerStart + data.readUInt16BE(at + 9);
  if (headerEnd > end) throw new ProtocolError('frame header is longer than its frame');
  return {
    type: data.readUInt8(at + LENGTH_BYTES) as FrameType,
    stream: data.readUInt32BE(at + 5),
    header: data.subarray(headerStart, headerEnd),
    body: data.subarray(headerEnd, end),
  };
}
