import type { Writable } from 'node:stream';
import { type FrameType, encodeFrame } from '@easyfaas/contracts/wire';

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

  /** Collects a frame; {@link flush} or {@link flushSoon} sends it. */
  write(type: FrameType, stream: number, headerJson: string, body: Uint8Array): void {
    const bytesMax = PREFIX_BYTES + headerJson.length * BYTES_PER_UNIT_MAX + body.byteLength;
    if (bytesMax > SLAB_BYTES) {
      this.flush();
      this.#socket.write(encodeFrame(type, stream, headerJson, body));
      return;
    }
    if (this.#used + bytesMax > SLAB_BYTES) this.flush();
    const slab = (this.#slab ??= Buffer.allocUnsafeSlow(SLAB_BYTES));
    const start = this.#used;
    const headerBytes = slab.write(headerJson, start + PREFIX_BYTES, 'utf8');
    const length = PREFIX_BYTES - LENGTH_BYTES + headerBytes + body.byteLength;
    slab.writeUInt32BE(length, start);
    slab[start + 4] = type;
    slab.writeUInt32BE(stream, start + 5);
    slab.writeUInt16BE(headerBytes, start + 9);
    if (body.byteLength > 0) slab.set(body, start + PREFIX_BYTES + headerBytes);
    this.#used = start + LENGTH_BYTES + length;
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
