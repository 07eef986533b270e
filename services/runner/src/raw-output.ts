import { encodeFrame, FrameType, type LogHeader } from '@easyfaas/contracts/wire';
import { TokenBucket } from './token-bucket';

/** Raw output passed on at once, bytes; what is over it is dropped and counted. */
const BURST_BYTES = 1024 * 1024;
/** Raw output passed on in the long run. */
const BYTES_PER_SECOND = 128 * 1024;
/** Body of one LOG frame: its cap of 64 KiB less prefix and header. */
const FRAME_BODY_BYTES = 60 * 1024;
/** Output kept while no controller listens: what a runtime says that dies at its start. */
const KEPT_BYTES = 64 * 1024;
/** Output not yet taken by the controller's socket, over which output is dropped. */
const PENDING_BYTES_MAX = 1024 * 1024;
/** How long after the first drop the count is told. */
const REPORT_AFTER_MS = 500;

export interface OutputLink {
  readonly isAttached: boolean;
  readonly pendingBytes: number;
  send(frame: Buffer): boolean;
}

/**
 * Output that the runtime process and its children write to file descriptors 1 and 2 past the bootstrap's own logging:
 * native crashes, child processes. It is not tagged with a call (stream 0). Always read, never waited for: a writer is
 * not blocked and nothing grows, whatever is written.
 */
export class RawOutput {
  readonly #link: OutputLink;
  readonly #nowMs: () => number;
  readonly #bucket: TokenBucket;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #droppedBytes = 0;
  #reportTimer: NodeJS.Timeout | undefined;

  constructor(link: OutputLink, nowMs: () => number) {
    this.#link = link;
    this.#nowMs = nowMs;
    this.#bucket = new TokenBucket(BURST_BYTES, BYTES_PER_SECOND, nowMs());
  }

  /** Takes what was read from one of the two descriptors. */
  push(fd: 1 | 2, chunk: Buffer): void {
    const allowed = this.#link.pendingBytes > PENDING_BYTES_MAX ? 0 : this.#bucket.take(chunk.length, this.#nowMs());
    for (let at = 0; at < allowed; at += FRAME_BODY_BYTES) {
      const body = chunk.subarray(at, Math.min(at + FRAME_BODY_BYTES, allowed));
      this.#emit({ fd }, body);
    }
    if (allowed < chunk.length) this.#drop(chunk.length - allowed);
  }

  /** Sends what was kept while nobody listened. */
  onAttached(): void {
    const kept = this.#kept;
    this.#kept = [];
    this.#keptBytes = 0;
    for (const frame of kept) this.#link.send(frame);
  }

  /** Tells at once how much was dropped since the last time; before EXIT. */
  report(): void {
    clearTimeout(this.#reportTimer);
    this.#reportTimer = undefined;
    if (this.#droppedBytes === 0) return;
    const truncatedBytes = this.#droppedBytes;
    this.#droppedBytes = 0;
    this.#emit({ fd: 2, truncatedBytes }, Buffer.from(`[easyfaas] ${truncatedBytes} bytes of raw output dropped\n`));
  }

  #emit(header: LogHeader, body: Buffer): void {
    const frame = encodeFrame(FrameType.LOG, 0, header, body);
    if (this.#link.send(frame)) return;
    if (this.#keptBytes + frame.length > KEPT_BYTES) return this.#drop(body.length);
    this.#kept.push(frame);
    this.#keptBytes += frame.length;
  }

  #drop(bytes: number): void {
    this.#droppedBytes += bytes;
    this.#reportTimer ??= setTimeout(() => this.report(), REPORT_AFTER_MS);
  }
}
