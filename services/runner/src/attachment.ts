import { connect, type Socket } from 'node:net';
import {
  ATTACH_PATH,
  ATTACH_UPGRADE,
  FrameDecoder,
  PROTOCOL_VERSION,
  type AttachRole,
  type Frame,
  type FrameType,
} from '@easyfaas/contracts/wire';

const RETRY_MS_MIN = 10;
const RETRY_MS_MAX = 1000;
/** A connection that lived this long was a good one: the next back-off starts from the beginning. */
const STABLE_MS = 1000;
/** A controller that accepts but does not answer the upgrade is dialled anew. */
const UPGRADE_TIMEOUT_MS = 5000;
/** The answer to the upgrade is a status line and a few headers. */
const HEAD_BYTES_MAX = 8192;

export interface AttachmentOptions {
  socketPath: string;
  role: AttachRole;
  /** Frame types that the controller may send to this role. */
  accepts: Iterable<FrameType>;
  /** Called at each successful attachment, before any frame: the place to send HELLO. */
  onAttached: () => void;
  onFrame: (frame: Frame) => void;
}

/**
 * A connection to the controller that is dialled anew for as long as the process lives, with a back-off of 10 ms doubling
 * to 1 s. The upgrade is spoken by hand: node:http would cost the runner start time and memory.
 */
export class Attachment {
  readonly #options: AttachmentOptions;
  #socket: Socket | undefined;
  #isAttached = false;
  #retryMs = RETRY_MS_MIN;

  constructor(options: AttachmentOptions) {
    this.#options = options;
  }

  get isAttached(): boolean {
    return this.#isAttached;
  }

  /** Bytes that the kernel has not taken yet. */
  get pendingBytes(): number {
    return this.#socket?.writableLength ?? 0;
  }

  /** Sends one encoded frame; false when there is no connection and it was dropped. */
  send(frame: Buffer): boolean {
    if (!this.#isAttached) return false;
    this.#socket?.write(frame);
    return true;
  }

  start(): void {
    const { socketPath, role, accepts, onFrame } = this.#options;
    const socket = connect(socketPath);
    const decoder = new FrameDecoder(accepts, onFrame);
    let head = Buffer.alloc(0);
    let attachedAtMs = Infinity;
    this.#socket = socket;
    socket.setTimeout(UPGRADE_TIMEOUT_MS, () => socket.destroy());
    socket.write(
      `GET ${ATTACH_PATH}?role=${role}&protocol=${PROTOCOL_VERSION} HTTP/1.1\r\nHost: easyfaas\r\nConnection: Upgrade\r\nUpgrade: ${ATTACH_UPGRADE}\r\n\r\n`,
    );
    socket.on('data', (chunk) => {
      try {
        if (this.#isAttached) return decoder.push(chunk);
        head = Buffer.concat([head, chunk]);
        const headEnd = head.indexOf('\r\n\r\n');
        if (headEnd < 0 && head.length < HEAD_BYTES_MAX) return;
        if (headEnd < 0 || !head.toString('latin1', 0, headEnd).startsWith('HTTP/1.1 101 ')) return void socket.destroy();
        this.#isAttached = true;
        attachedAtMs = performance.now();
        socket.setTimeout(0);
        this.#options.onAttached();
        decoder.push(head.subarray(headEnd + 4));
      } catch (error) {
        // A frame that is not of this protocol: the stream cannot be read on.
        socket.destroy(error instanceof Error ? error : new Error(String(error)));
      }
    });
    // 'close' follows and dials again: who cannot be reached has no one to tell.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#isAttached = false;
      if (performance.now() - attachedAtMs > STABLE_MS) this.#retryMs = RETRY_MS_MIN;
      setTimeout(() => this.start(), this.#retryMs);
      this.#retryMs = Math.min(RETRY_MS_MAX, this.#retryMs * 2);
    });
  }
}
