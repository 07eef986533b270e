import type { Clock } from '@easyfaas/service-kit';
import { type Frame, FrameType, type StatsHeader, parseHeader } from '@easyfaas/contracts/wire';
import type { AttachedSocket } from './attached-socket';
import type { RuntimeEnd } from './outcome';

/** What the runner may send after HELLO. */
export const RUNNER_FRAMES = [FrameType.EXIT, FrameType.LOG, FrameType.PONG, FrameType.STATS] as const;

/** Answers closer together say nothing of what happened between them, ms. */
const APART_MS = 300;
/** So much processor time, or waiting for it, is none: an answer's share, and a tick of the kernel's clock. */
const STILL_MS = 20;

export interface RunnerLinkEvents {
  /** The runtime process has ended. */
  onExit(end: RuntimeEnd): void;
  /** Output that bypassed the language's own functions. */
  onStrayLog(bytes: Buffer): void;
}

/** The connection to the supervisor inside a container. */
export class RunnerLink {
  readonly #socket: AttachedSocket;
  readonly #events: RunnerLinkEvents;
  readonly #clock: Clock;
  /** Monotonic, ms: the oldest question without an answer. */
  #askedAtMs: number | undefined;
  /** How long the last answer took, ms: the machine's slowness as this container sees it. */
  answerMs = 0;
  stats: StatsHeader | undefined;
  /** Answers in a row by which the runtime process stands still by a signal. */
  stoppedAnswers = 0;
  /** Processor time of the runtime process by the last answer, ms; undefined when it did not say. */
  processorMs: number | undefined;
  /** How much more that was than by the answer before. */
  ranMs = 0;
  /**
   * By the last two answers the runtime process slept, neither ran nor waited for a processor: it waits for something else. That is what an idle
   * one does, too.
   */
  isRuntimeStill = false;
  /** By the last answer: when it came, monotonic, ms, and how long the runtime process had waited for a processor. */
  #figures: { atMs: number; waitMs: number } | undefined;

  constructor(socket: AttachedSocket, events: RunnerLinkEvents, clock: Clock) {
    this.#socket = socket;
    this.#events = events;
    this.#clock = clock;
  }

  /** How long a question has been without any sign of life, ms. */
  silentMs(nowMs: number): number {
    return this.#askedAtMs === undefined ? 0 : nowMs - this.#askedAtMs;
  }

  /** It was us who did not listen, or it is not to answer. */
  forgetSilence(): void {
    this.#askedAtMs = undefined;
    this.stoppedAnswers = 0;
    this.isRuntimeStill = false;
    this.#figures = undefined;
  }

  /** Kills the runtime's whole process group, also when its event loop is stuck. */
  kill(reason: string): void {
    this.#send(FrameType.KILL, JSON.stringify({ reason }));
  }

  /** Asks for a PONG, or for STATS, which is also a sign of life. */
  askForLife(nowMs: number, { wantsFigures }: { wantsFigures: boolean }): void {
    this.#askedAtMs ??= nowMs;
    this.#send(wantsFigures ? FrameType.STATS : FrameType.PING, '{}');
  }

  onFrame(frame: Frame): void {
    this.#noteLife();
    if (frame.type === FrameType.LOG) this.#events.onStrayLog(frame.body);
    else if (frame.type === FrameType.STATS) this.stats = readStats(this.#noteAnswer(frame));
    else if (frame.type === FrameType.PONG) this.#noteAnswer(frame);
    else if (frame.type === FrameType.EXIT) this.#events.onExit(readExit(parseHeader(frame)));
  }

  #noteAnswer(frame: Frame): Record<string, unknown> {
    const header = parseHeader(frame);
    this.stoppedAnswers = header['isStopped'] === true ? this.stoppedAnswers + 1 : 0;
    const cpuMs = header['cpuMs'];
    const processorMs = typeof cpuMs === 'number' ? cpuMs : undefined;
    this.ranMs = (processorMs ?? 0) - (this.processorMs ?? processorMs ?? 0);
    this.processorMs = processorMs;
    this.#noteStillness(header);
    return header;
  }

  #noteStillness({ isAsleep, waitMs }: Record<string, unknown>): void {
    const atMs = this.#clock.monotonicMs();
    const before = this.#figures;
    if (before !== undefined && atMs - before.atMs < APART_MS) return;
    this.#figures = typeof waitMs === 'number' ? { atMs, waitMs } : undefined;
    const hasWaited = before === undefined || this.#figures === undefined || this.#figures.waitMs - before.waitMs >= STILL_MS;
    this.isRuntimeStill = isAsleep === true && !hasWaited && this.processorMs !== undefined && this.ranMs < STILL_MS;
  }

  #noteLife(): void {
    if (this.#askedAtMs === undefined) return;
    this.answerMs = this.#clock.monotonicMs() - this.#askedAtMs;
    this.#askedAtMs = undefined;
  }

  #send(type: FrameType, headerJson: string): void {
    this.#socket.writer.write(type, 0, headerJson);
    this.#socket.writer.flush();
  }
}

function readExit({ code, signal, oom }: Record<string, unknown>): RuntimeEnd {
  return {
    code: typeof code === 'number' ? code : null,
    signal: typeof signal === 'string' ? signal.slice(0, 32) : null,
    oom: oom === true,
  };
}

function readStats({ rssKb, cpuMs, memoryBytes, memoryPeakBytes }: Record<string, unknown>): StatsHeader {
  return {
    rssKb: typeof rssKb === 'number' ? rssKb : 0,
    cpuMs: typeof cpuMs === 'number' ? cpuMs : 0,
    ...(typeof memoryBytes === 'number' ? { memoryBytes } : {}),
    ...(typeof memoryPeakBytes === 'number' ? { memoryPeakBytes } : {}),
  };
}
