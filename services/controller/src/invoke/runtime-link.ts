import { type Frame, FrameType, type HttpHead, LIMITS, ProtocolError, type UpdateHeader, parseHeader } from '@easyfaas/contracts/wire';
import type { AttachedSocket } from './attached-socket';
import type { Call } from './call';
import { CallTable } from './call-table';
import { invokeHeaderJson } from './invoke-frame';
import { type FunctionErrorOutcome, type Outcome, responseTooLarge } from './outcome';

/** What the runtime process may send after HELLO. */
export const RUNTIME_FRAMES = [
  FrameType.INIT_DONE,
  FrameType.INIT_ERROR,
  FrameType.RESULT,
  FrameType.ERROR,
  FrameType.CHUNK,
  FrameType.END,
  FrameType.LOG,
  FrameType.PONG,
] as const;

export interface RuntimeLinkEvents {
  onInitDone(initMs: number): void;
  onInitError(outcome: FunctionErrorOutcome): void;
  /** The call is out of the table: its slot is free when this is called. */
  onCallEnded(call: Call, outcome: Outcome): void;
  /** Output that belongs to no call. */
  onStrayLog(bytes: Buffer): void;
}

const JSON_TYPE = 'application/json';
const OCTETS = 'application/octet-stream';
const NO_BYTES = Buffer.alloc(0);

/** The connection that carries calls: a table of what is in flight, and the frames of one runtime process. */
export class RuntimeLink {
  readonly #socket: AttachedSocket;
  readonly #events: RuntimeLinkEvents;
  readonly calls = new CallTable();
  /** Streams whose caller has had its answer (time-out) while the process lives on: theirs may still come and is dropped. */
  readonly #expired = new Set<number>();
  /** The call of the frame written last; undefined when that was not INVOKE. */
  #lastWritten: Call | undefined;
  /** Monotonic count of frames received, to see whether a process is alive. */
  framesReceived = 0;
  /** Of the oldest question without an answer: when it was asked, monotonic, ms, and what had been received by then. */
  #question: { atMs: number; frames: number; processorMs?: number } | undefined;

  constructor(socket: AttachedSocket, events: RuntimeLinkEvents) {
    this.#socket = socket;
    this.#events = events;
  }

  /** @param headerJson an InitHeader */
  sendInit(headerJson: string): void {
    this.#lastWritten = undefined;
    this.#socket.writer.write(FrameType.INIT, 0, headerJson);
  }

  /** Puts the call into the table and collects INVOKE; {@link flush} or {@link flushSoon} sends it. */
  sendInvoke(call: Call, nonce: string): void {
    call.stream = this.calls.add(call);
    call.nonce = nonce;
    this.#lastWritten = call;
    call.answer?.connect((bytes) => this.#sendWindow(call, bytes));
    this.#socket.writer.write(FrameType.INVOKE, call.stream, invokeHeaderJson(call, call.timeoutMs), call.request.payload);
  }

  /** Limits that have changed. Sent at once: nothing may follow for long. */
  sendUpdate(header: UpdateHeader): void {
    this.#lastWritten = undefined;
    this.#socket.writer.write(FrameType.UPDATE, 0, JSON.stringify(header));
    this.#socket.writer.flush();
  }

  sendCancel(call: Call): void {
    this.#lastWritten = undefined;
    this.#socket.writer.write(FrameType.CANCEL, call.stream, '{}');
  }

  /** Takes a call out of the table; its answer, should it come, is dropped. */
  expire(call: Call): void {
    if (this.calls.delete(call)) this.#expired.add(call.stream);
  }

  /** Asks for a PONG: a process whose event loop is stuck does not answer. */
  sendPing(): void {
    this.#lastWritten = undefined;
    this.#socket.writer.write(FrameType.PING, 0, '{}');
  }

  /** Asks for a sign of life. Any frame is one; the path of a call does nothing for it. */
  askForLife(nowMs: number): void {
    if (this.#question === undefined || this.#question.frames !== this.framesReceived) {
      this.#question = { atMs: nowMs, frames: this.framesReceived };
    }
    this.sendPing();
    this.flush();
  }

  /** How long a question has been without any sign of life, ms. */
  silentMs(nowMs: number): number {
    const question = this.#question;
    return question === undefined || question.frames !== this.framesReceived ? 0 : nowMs - question.atMs;
  }

  /**
   * How much processor time a process has had since a question without any sign of life, ms: the first figure after the question is what it
   * is counted from.
   * @param processorMs by the runner's last answer
   */
  ranSilentMs(processorMs: number): number {
    const question = this.#question;
    if (question === undefined || question.frames !== this.framesReceived) return 0;
    question.processorMs ??= processorMs;
    return processorMs - question.processorMs;
  }

  /** Whatever it was asked before does not count any more. */
  forgetSilence(): void {
    this.#question = undefined;
  }

  flush(): void {
    this.#socket.writer.flush();
  }

  flushSoon(): void {
    this.#socket.writer.flushSoon();
  }

  /**
   * Takes out the call that cannot have reached the process, when its connection ended with this error. On a unix socket ECONNRESET
   * says that the peer closed with bytes unread, and EPIPE that it had closed before: the frame written last was not read
   * to its end, and a call whose frame is incomplete has not begun.
   */
  takeUndelivered(error: NodeJS.ErrnoException | undefined): Call | undefined {
    if (error?.code !== 'ECONNRESET' && error?.code !== 'EPIPE') return undefined;
    const call = this.#lastWritten;
    return call !== undefined && this.calls.delete(call) ? call : undefined;
  }

  /** @throws ProtocolError on anything that the runtime may not say now */
  onFrame(frame: Frame): void {
    this.framesReceived++;
    if (frame.type === FrameType.RESULT) this.#onResult(frame);
    else if (frame.type === FrameType.LOG) this.#onLog(frame);
    else if (frame.type === FrameType.ERROR) this.#onError(frame);
    else if (frame.type === FrameType.CHUNK) this.#onChunk(frame);
    else if (frame.type === FrameType.END) this.#onEnd(frame);
    else if (frame.type === FrameType.INIT_ERROR) this.#events.onInitError(errorOutcome(parseHeader(frame), frame.body));
    else if (frame.type === FrameType.INIT_DONE) this.#events.onInitDone(figure(parseHeader(frame)['initMs']) ?? 0);
    // The rest is PONG: having received it is all it says.
  }

  #onResult(frame: Frame): void {
    const header = parseHeader(frame);
    const call = this.#takeCall(frame, header);
    if (call === undefined) return;
    if (call.answer?.hasBegun === true) throw new ProtocolError('RESULT behind CHUNK');
    const { body } = frame;
    if (body.length > LIMITS.syncPayloadBytes) return this.#events.onCallEnded(call, responseTooLarge(body.length));
    this.#events.onCallEnded(call, {
      kind: 'result',
      contentType: contentTypeOf(header['contentType']),
      body,
      http: httpHeadOf(header['http']),
      cpuMs: figure(header['cpuMs']),
      maxRssKb: figure(header['maxRssKb']),
    });
  }

  #onError(frame: Frame): void {
    const header = parseHeader(frame);
    const call = this.#takeCall(frame, header);
    if (call !== undefined) this.#events.onCallEnded(call, errorOutcome(header, frame.body));
  }

  #onChunk(frame: Frame): void {
    const header = parseHeader(frame);
    const call = this.#callOf(frame, header);
    if (call === undefined) return;
    if (call.answer === undefined) throw new ProtocolError('a streamed answer that was not asked for');
    const { contentType = OCTETS } = header;
    call.answer.take({ contentType: contentTypeOf(contentType), http: httpHeadOf(header['http']) }, frame.body);
  }

  #onEnd(frame: Frame): void {
    const header = parseHeader(frame);
    const call = this.#takeCall(frame, header);
    if (call === undefined) return;
    const { answer } = call;
    // One that was ended for its client's or its limit's sake may never have begun.
    if (answer === undefined || !(answer.hasBegun || call.phase === 'settled' || call.isAbandoned)) {
      throw new ProtocolError('END of an answer that has not begun');
    }
    const used = { cpuMs: figure(header['cpuMs']), maxRssKb: figure(header['maxRssKb']) };
    this.#events.onCallEnded(call, { kind: 'result', contentType: answer.contentType, body: NO_BYTES, ...used });
  }

  /** Sent with whatever else is sent in this turn of the event loop. */
  #sendWindow(call: Call, bytes: number): void {
    if (this.calls.get(call.stream) !== call) return;
    this.#lastWritten = undefined;
    this.#socket.writer.write(FrameType.WINDOW, call.stream, `{"bytes":${bytes}}`);
    this.#socket.writer.flushSoon();
  }

  #onLog(frame: Frame): void {
    const truncatedBytes = parseHeader(frame)['truncatedBytes'];
    const call = this.calls.get(frame.stream);
    if (call !== undefined) call.addLog(frame.body, figure(truncatedBytes) ?? 0);
    // A late line of a call that has ended is no fault: timers outlive their calls.
    else this.#events.onStrayLog(frame.body);
  }

  #takeCall(frame: Frame, header: Record<string, unknown>): Call | undefined {
    const call = this.#callOf(frame, header);
    if (call === undefined) this.#expired.delete(frame.stream);
    else this.calls.delete(call);
    return call;
  }

  /** @returns undefined when nobody waits for it any more */
  #callOf(frame: Frame, header: Record<string, unknown>): Call | undefined {
    const call = this.calls.get(frame.stream);
    if (call === undefined) {
      if (this.#expired.has(frame.stream)) return undefined;
      throw new ProtocolError('an answer for a call that is not in flight');
    }
    if (header['nonce'] !== call.nonce) throw new ProtocolError('an answer with a wrong nonce');
    return call;
  }
}

function errorOutcome(header: Record<string, unknown>, body: Buffer): FunctionErrorOutcome {
  const { errorType } = header;
  return {
    kind: 'function-error',
    errorType: typeof errorType === 'string' ? errorType.slice(0, 256) : 'Error',
    // It may be the answer of many calls, and outlive the chunk it is a view of.
    body: Buffer.from(body),
    cpuMs: figure(header['cpuMs']),
    maxRssKb: figure(header['maxRssKb']),
  };
}

const figure = (value: unknown): number | undefined => (typeof value === 'number' && value >= 0 ? value : undefined);

/** What may stand in a header of ours. */
const PRINTABLE = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/;

function contentTypeOf(value: unknown): string {
  if (value === undefined || value === JSON_TYPE) return JSON_TYPE;
  return typeof value === 'string' && PRINTABLE.test(value) ? value : OCTETS;
}

/** Whoever makes an HTTP answer of it checks it. */
function httpHeadOf(value: unknown): HttpHead | undefined {
  return typeof value === 'object' && value !== null ? value : undefined;
}
