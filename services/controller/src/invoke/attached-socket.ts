import type { Socket } from 'node:net';
import type { Clock } from '@easyfaas/service-kit';
import { type AttachRole, type Frame, FrameDecoder, FrameType, type HelloHeader, ProtocolError } from '@easyfaas/contracts/wire';
import { FrameWriter } from './frame-writer';
import { readHello } from './hello';

/** A process that attaches and says nothing is cut off after this time. */
const HELLO_MS = 5000;

export interface AttachedSocketOptions {
  socket: Socket;
  /** Bytes that arrived behind the attach request. */
  head: Buffer;
  role: AttachRole;
  token: string;
  clock: Clock;
  /** Types accepted after HELLO. */
  accepts: readonly FrameType[];
  /** The connection counts from here on. Throws ProtocolError to refuse it. */
  onHello: (hello: HelloHeader) => void;
  onFrame: (frame: Frame) => void;
  /** The peer broke the protocol after its HELLO; the socket is closed already. Not called for a bad HELLO. */
  onViolation: (reason: string) => void;
  /** The peer will send no more; {@link AttachedSocketOptions.onClosed} follows. Only when HELLO was accepted. */
  onHangUp: () => void;
  /** Called once, only when HELLO was accepted. */
  onClosed: (error: NodeJS.ErrnoException | undefined) => void;
}

/** Closing by itself after the second look takes one turn of the event loop; this is for the case that it does not come. */
const PENDING_ERROR_MS = 20;

/** One connection from inside a container: HELLO first, then frames. All of it is untrusted input. */
export class AttachedSocket {
  readonly #options: AttachedSocketOptions;
  readonly #socket: Socket;
  readonly writer: FrameWriter;
  #isAccepted = false;
  #error: NodeJS.ErrnoException | undefined;

  constructor(options: AttachedSocketOptions) {
    this.#options = options;
    this.#socket = options.socket;
    this.writer = new FrameWriter(options.socket);
  }

  /** Begins to read; events may come before this returns. */
  start(): void {
    const { socket, head, clock, accepts, onViolation, onHangUp, onClosed } = this.#options;
    const decoder = new FrameDecoder([FrameType.HELLO, ...accepts], (frame) => this.#onFrame(frame));
    const push = (chunk: Buffer): void => {
      try {
        decoder.push(chunk);
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        socket.destroy();
        if (this.#isAccepted) onViolation(error.message);
      }
    };
    const cancelHelloTimer = clock.after(HELLO_MS, () => {
      if (!this.#isAccepted) socket.destroy();
    });
    socket.setTimeout(0);
    socket.on('data', push);
    socket.on('error', (error: NodeJS.ErrnoException) => (this.#error = error));
    socket.on('end', () => {
      if (this.#isAccepted) onHangUp();
      readPendingError(socket);
      // Half-open makes no sense here: whoever has stopped sending cannot answer a call.
      clock.after(PENDING_ERROR_MS, () => socket.destroy());
    });
    socket.on('close', () => {
      cancelHelloTimer();
      if (this.#isAccepted) onClosed(this.#error);
    });
    if (head.length > 0) push(head);
  }

  get isClosed(): boolean {
    return this.#socket.destroyed;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #onFrame(frame: Frame): void {
    if (this.#isAccepted) {
      if (frame.type === FrameType.HELLO) throw new ProtocolError('a second HELLO');
      this.#options.onFrame(frame);
      return;
    }
    if (frame.type !== FrameType.HELLO) throw new ProtocolError('the first frame is not HELLO');
    this.#options.onHello(readHello(frame, this.#options.role, this.#options.token));
    this.#isAccepted = true;
  }
}

/**
 * Reads once more behind the end of the stream. When a peer's last bytes and its hang-up are seen together, libuv
 * (uv__stream_io) reports an ordinary end and leaves the ECONNRESET unread, which is how the kernel says that the peer closed
 * without having read all that we sent. The handle is Node's own and undocumented: without it we only know less.
 */
function readPendingError(socket: Socket): void {
  const { _handle: handle } = socket as Socket & { _handle?: { readStart?: () => number } | null };
  if (handle?.readStart === undefined || handle.readStart() !== 0) socket.destroy();
}
