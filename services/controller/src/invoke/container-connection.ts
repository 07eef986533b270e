import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '@easyfaas/service-kit';
import { type AttachRole, type Frame, type FrameType, type HelloHeader, ProtocolError } from '@easyfaas/contracts/wire';
import { AttachServer } from './attach-server';
import { AttachedSocket } from './attached-socket';
import type { Call } from './call';
import type { RuntimeEnd } from './outcome';
import { RUNNER_FRAMES, RunnerLink } from './runner-link';
import { RUNTIME_FRAMES, RuntimeLink, type RuntimeLinkEvents } from './runtime-link';

export interface ConnectionEvents extends RuntimeLinkEvents {
  /** Both processes are there. */
  onAttached(runtime: HelloHeader): void;
  /** The end has begun: no call may be sent any more. {@link onEnded} follows when it is known how it ended. Called once. */
  onEnding(): void;
  /** The call cannot have reached the process that is gone: another one may have it. It is out of the table. */
  onUndelivered(call: Call): void;
  /**
   * The runtime process is gone, or unreachable for good. Called once.
   * @param end how it ended; undefined when nobody could tell
   */
  onEnded(end: RuntimeEnd | undefined): void;
  /** Something inside broke the protocol: nothing that it says can be believed any more. */
  onViolation(reason: string): void;
}

export interface ContainerConnectionOptions {
  socketDirectory: string;
  token: string;
  clock: Clock;
  events: ConnectionEvents;
  onListenError: (error: Error) => void;
}

/** How long news of a runtime's end is waited for, after its connection broke without a word. Calls fail within a second. */
const NEWS_MS = 800;
/** How long answers that are still in the socket are read after the runner reported the runtime's end. */
const LAST_WORDS_MS = 100;

/**
 * One container's pair of connections. Listens until both are there and then no more: a second process that wants to be the
 * runtime finds nobody to talk to. A controller that starts anew listens again at the same path.
 */
export class ContainerConnection {
  readonly #options: ContainerConnectionOptions;
  readonly #server: AttachServer;
  readonly #sockets = new Map<AttachRole, AttachedSocket>();
  #hello: HelloHeader | undefined;
  #end: RuntimeEnd | undefined;
  #isRuntimeClosed = false;
  #isEnding = false;
  #isOver = false;
  #cancelEndTimer: (() => void) | undefined;
  runtime: RuntimeLink | undefined;
  runner: RunnerLink | undefined;

  constructor(options: ContainerConnectionOptions) {
    this.#options = options;
    this.#server = new AttachServer({
      socketPath: join(options.socketDirectory, 'controller.sock'),
      isWanted: (role) => !this.#isOver && !this.#sockets.has(role),
      onAttach: (role, socket, head) => this.#attach(role, socket, head),
      onError: options.onListenError,
    });
  }

  listen(): void {
    this.#server.listen();
  }

  get inFlight(): number {
    return this.runtime === undefined ? 0 : this.runtime.calls.size;
  }

  /** Someone else (the funclet) learned how the container ended. */
  noteEnd(end: RuntimeEnd): void {
    if (this.#isOver) return;
    this.#end ??= end;
    this.#beginEnd();
    if (this.#isRuntimeClosed || this.runtime === undefined) this.#finish();
    else this.#finishWithin(LAST_WORDS_MS);
  }

  /** The container is being destroyed by someone else; how it ended may still be told. */
  noteEndComing(): void {
    if (this.#isOver || this.#isEnding) return;
    this.#beginEnd();
    this.#finishWithin(NEWS_MS);
  }

  /** Ends both connections and the listener. No event follows. */
  close(): void {
    this.#isOver = true;
    this.#cancelEndTimer?.();
    this.#server.close();
    for (const socket of this.#sockets.values()) socket.destroy();
  }

  #attach(role: AttachRole, socket: Socket, head: Buffer): void {
    const { token, clock, events } = this.#options;
    let onFrame: (frame: Frame) => void = () => undefined;
    const accepts: readonly FrameType[] = role === 'runtime' ? RUNTIME_FRAMES : RUNNER_FRAMES;
    const attached: AttachedSocket = new AttachedSocket({
      socket,
      head,
      role,
      token,
      clock,
      accepts,
      onHello: (hello) => {
        if (this.#isOver || this.#sockets.has(role)) throw new ProtocolError(`a second ${role}`);
        onFrame = this.#accept(role, attached, hello);
      },
      onFrame: (frame) => onFrame(frame),
      onViolation: (reason) => {
        if (!this.#isOver) events.onViolation(`${role}: ${reason}`);
      },
      onHangUp: () => {
        if (!this.#isOver) this.#beginEnd();
      },
      onClosed: (error) => this.#onClosed(role, error),
    });
    attached.start();
  }

  #accept(role: AttachRole, socket: AttachedSocket, hello: HelloHeader): (frame: Frame) => void {
    const { events, clock } = this.#options;
    this.#sockets.set(role, socket);
    if (role === 'runtime') {
      const runtime = new RuntimeLink(socket, events);
      this.runtime = runtime;
      this.#hello = hello;
      this.#announceWhenComplete();
      return (frame) => runtime.onFrame(frame);
    }
    const runner = new RunnerLink(socket, { onExit: (end) => this.noteEnd(end), onStrayLog: (bytes) => events.onStrayLog(bytes) }, clock);
    this.runner = runner;
    this.#announceWhenComplete();
    return (frame) => runner.onFrame(frame);
  }

  #announceWhenComplete(): void {
    if (this.#hello === undefined || this.runner === undefined) return;
    this.#server.close();
    this.#options.events.onAttached(this.#hello);
  }

  #onClosed(role: AttachRole, error: NodeJS.ErrnoException | undefined): void {
    if (this.#isOver) return;
    if (role === 'runtime') {
      this.#isRuntimeClosed = true;
      this.#beginEnd();
      const undelivered = this.runtime?.takeUndelivered(error);
      if (undelivered !== undefined) this.#options.events.onUndelivered(undelivered);
    }
    this.#beginEnd();
    if (role === 'runtime' && this.#end !== undefined) return this.#finish();
    // Either way nothing good can come from this container any more; what remains to be learned is why.
    this.#finishWithin(NEWS_MS);
  }

  #beginEnd(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#options.events.onEnding();
  }

  #finishWithin(delayMs: number): void {
    this.#cancelEndTimer?.();
    this.#cancelEndTimer = this.#options.clock.after(delayMs, () => this.#finish());
  }

  #finish(): void {
    if (this.#isOver) return;
    this.close();
    this.#options.events.onEnded(this.#end);
  }
}
