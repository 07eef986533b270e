import type { Writable } from 'node:stream';
import { type FrameType, encodeFrame } from '@easyfaas/contracts/wire';
import { NO_PAYLOAD, type Payload } from './payload';

/** Bytes of `u32 length | u8 type | u32 stream | u16 header length`; see frames.ts of the contracts. */
const PREFIX_BYTES = 11;
const LENGTH_BYTES = 4;
/** Frames of up to this many bytes are collected and leave in one write. */
const SLAB_BYTES = 32 * 1024;
/** UTF-8 needs at most three bytes for a UTF-16 code unit. */
const BYTES_PER_UNIT_MAX = 3;

/**
 * Writes frames to one socket. Frames written in the same turn of the event loop leave together: with many calls in
 * flight that is one system call, and one wake-up of the receiver, for all of them.
 */
export class FrameWriter {
  readonly #socket: Writable;
  readonly #flushLater: () => void;
  #slab: Buffer | undefined;
  #used = 0;
  #isFlushPlanned = false;

  constructor(socket: Writable) {
    this.#socket = socket;
    this.#flushLater = () => {
      this.#isFlushPlanned = false;
      this.flush();
    };
  }

  /**
   * Collects a frame; {@link flush} or {@link flushSoon} sends it. A large body must not change until it was sent.
   */
  write(type: FrameType, stream: number, headerJson: string, body: Payload = NO_PAYLOAD): void {
    const bytesMax = PREFIX_BYTES + headerJson.length * BYTES_PER_UNIT_MAX + body.bytes;
    if (bytesMax > SLAB_BYTES) return this.#writeLarge(type, stream, headerJson, body);
    if (this.#used + bytesMax > SLAB_BYTES) this.flush();
    const slab = (this.#slab ??= Buffer.allocUnsafeSlow(SLAB_BYTES));
    const start = this.#used;
    const headerBytes = slab.write(headerJson, start + PREFIX_BYTES, 'utf8');
    const length = PREFIX_BYTES - LENGTH_BYTES + headerBytes + body.bytes;
    slab.writeUInt32BE(length, start);
    slab[start + 4] = type;
    slab.writeUInt32BE(stream, start + 5);
    slab.writeUInt16BE(headerBytes, start + 9);
    let at = start + PREFIX_BYTES + headerBytes;
    const { chunks } = body;
    for (let index = 0; index < chunks.length; index++) {
      const chunk = chunks[index] as Buffer;
      slab.set(chunk, at);
      at += chunk.length;
    }
    this.#used = start + LENGTH_BYTES + length;
  }

  /** The body leaves as it is: copying a megabyte takes as long as a hundred small calls. */
  #writeLarge(type: FrameType, stream: number, headerJson: string, body: Payload): void {
    this.flush();
    const head = encodeFrame(type, stream, headerJson);
    head.writeUInt32BE(head.length - LENGTH_BYTES + body.bytes, 0);
    this.#socket.cork();
    this.#socket.write(head);
    const { chunks, lent } = body;
    lent?.hold();
    // All were sent when the last one was. Of what could not be sent the socket may still hold something: that is for nobody else.
    const onSent = (error?: Error | null): void => {
      if (!error) lent?.letGo();
    };
    for (const chunk of chunks) this.#socket.write(chunk, chunk === chunks.at(-1) ? onSent : undefined);
    this.#socket.uncork();
  }

  /** Writes what was collected at the end of this turn, together with what comes until then. */
  flushSoon(): void {
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    setImmediate(this.#flushLater);
  }

  /** Writes what was collected now: for a receiver that is idle until it arrives. */
  flush(): void {
    if (this.#used === 0 || this.#slab === undefined) return;
    const bytes = this.#slab.subarray(0, this.#used);
    this.#used = 0;
    this.#socket.write(bytes);
    // Not taken by the kernel at once: the socket keeps the slab until it is, so the next frames need another one.
    if (this.#socket.writableLength > 0) this.#slab = undefined;
  }
}
