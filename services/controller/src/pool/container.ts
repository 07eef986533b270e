import type { Clock } from '@easyfaas/service-kit';
import type { ColdReason, ContainerView, HelloHeader } from '@easyfaas/contracts/wire';
import type { Call } from '../invoke/call';
import type { Timed } from '../invoke/deadline-sweep';
import { ContainerConnection, type ConnectionEvents } from '../invoke/container-connection';
import type { FunctionErrorOutcome, Outcome, RuntimeEnd } from '../invoke/outcome';
import type { FunctionPool } from './function-pool';

/**
 * What the controller does with a container. The funclet's state says what the container is; this says whether it may be
 * given a call.
 *
 *     attaching -> cold -> warming -> loading -> warm <-> paused -> draining -> resetting
 *
 * attaching: the runner or the runtime has not dialled in yet. warming: the funclet prepares memory and code. loading: INIT
 * was sent. paused: frozen while idle. draining: takes no new call, is reset when the last one in it has ended. Every phase can go to resetting, none
 * leaves it. From warming back to cold goes only one that the funclet refused to touch, for want of memory.
 */
export type ContainerPhase = 'attaching' | 'cold' | 'warming' | 'loading' | 'warm' | 'paused' | 'draining' | 'resetting';

/** The table of docs/state-machines.md; a test compares. */
export const CONTAINER_PHASES: Readonly<Record<ContainerPhase, readonly ContainerPhase[]>> = {
  attaching: ['cold', 'warm', 'resetting'],
  cold: ['warming', 'draining', 'resetting'],
  warming: ['cold', 'loading', 'resetting'],
  loading: ['warm', 'resetting'],
  warm: ['paused', 'draining', 'resetting'],
  paused: ['warm', 'draining', 'resetting'],
  draining: ['resetting'],
  resetting: [],
};

/** Who acts on what a container does. */
export interface ContainerOwner {
  onAttached(container: PoolContainer, runtime: HelloHeader): void;
  onInitDone(container: PoolContainer, initMs: number): void;
  onInitError(container: PoolContainer, outcome: FunctionErrorOutcome): void;
  onInitTimedOut(container: PoolContainer): void;
  onCallEnded(container: PoolContainer, call: Call, outcome: Outcome): void;
  onEnding(container: PoolContainer): void;
  onUndelivered(container: PoolContainer, call: Call): void;
  onEnded(container: PoolContainer, end: RuntimeEnd | undefined): void;
  onViolation(container: PoolContainer, reason: string): void;
  onListenError(container: PoolContainer, error: Error): void;
}

/** The controller's picture of one container. */
export class PoolContainer implements ConnectionEvents, Timed {
  readonly containerId: string;
  readonly connection: ContainerConnection;
  readonly #owner: ContainerOwner;
  readonly #clock: Clock;
  #view: ContainerView;
  #phase: ContainerPhase = 'attaching';
  /** Monotonic, ms: when it was first in the funclet's list. */
  readonly seenAtMs: number;
  phaseSinceMs: number;
  lastUsedMs: number;
  /** Set by the warm-up, for good. */
  functionPool: FunctionPool | undefined;
  /** Calls that it may serve at once; 0 until it is warm. */
  concurrency = 0;
  /** Its memory limit is being changed: until that is in force it is given no call. */
  isHeld = false;
  /** It is being thawed for a call. */
  isComingBack = false;
  /** Monotonic, ms: it is not frozen before. */
  mayPauseAtMs = 0;
  /** It stands in its function's list of containers with a free slot. */
  isFree = false;
  /** Milliseconds that its warm-up took; part of the first calls' record. */
  warmUpMs = 0;
  initMs = 0;
  /** Monotonic, ms: when its function was loaded; when it was first seen, if that was in an earlier controller's life. */
  loadedAtMs: number;
  /** Calls that were sent to it. */
  servedCalls = 0;
  /** Why it takes no new call; undefined while it may, and where nobody said. */
  drainCause: { reason: string; lastEnd: ColdReason } | undefined;
  /** Of INIT; Infinity while none runs. */
  deadlineMs = Infinity;

  constructor(view: ContainerView, owner: ContainerOwner, clock: Clock) {
    this.containerId = view.containerId;
    this.#view = view;
    this.#owner = owner;
    this.#clock = clock;
    this.seenAtMs = clock.monotonicMs();
    this.phaseSinceMs = this.seenAtMs;
    this.lastUsedMs = this.phaseSinceMs;
    this.loadedAtMs = this.phaseSinceMs;
    this.connection = new ContainerConnection({
      socketDirectory: view.socketDirectory,
      token: view.token,
      clock,
      events: this,
      onListenError: (error) => this.onListenError(error),
    });
  }

  get view(): ContainerView {
    return this.#view;
  }

  /** The stream is in order, and a funclet that starts anew counts its revisions anew: the last one heard is right. */
  update(view: ContainerView): void {
    this.#view = view;
  }

  get phase(): ContainerPhase {
    return this.#phase;
  }

  /** @throws Error on a transition that the table above does not have: a bug */
  moveTo(phase: ContainerPhase): void {
    if (!CONTAINER_PHASES[this.#phase].includes(phase))
      throw new Error(`container ${this.containerId} cannot go from ${this.#phase} to ${phase}`);
    this.#phase = phase;
    this.phaseSinceMs = this.#clock.monotonicMs();
  }

  /**
   * Takes no new call from now on and is reset when those in it have ended. Only a warm one can; any other is left alone.
   * @param reason in words for the operator
   * @param lastEnd why the function's next call will be a cold one
   */
  drain(reason: string, lastEnd: ColdReason): void {
    if (this.#phase !== 'warm') return;
    this.drainCause = { reason, lastEnd };
    this.moveTo('draining');
    this.functionPool?.noteSlots(this);
  }

  get inFlight(): number {
    return this.connection.inFlight;
  }

  /** Warm, frozen or not, and without a call. */
  get isIdle(): boolean {
    return (this.#phase === 'warm' || this.#phase === 'paused') && this.inFlight === 0;
  }

  onAttached(runtime: HelloHeader): void {
    this.#owner.onAttached(this, runtime);
  }

  onInitDone(initMs: number): void {
    this.#owner.onInitDone(this, initMs);
  }

  onInitError(outcome: FunctionErrorOutcome): void {
    this.#owner.onInitError(this, outcome);
  }

  onCallEnded(call: Call, outcome: Outcome): void {
    this.#owner.onCallEnded(this, call, outcome);
  }

  /** Output that names no call: of INIT, then it is shown to all who wait for it, or of the only call in flight. */
  onStrayLog(bytes: Buffer): void {
    const calls = this.connection.runtime?.calls;
    if (calls?.size === 1 || this.#phase === 'loading') calls?.forEach((call) => call.addLog(bytes, 0));
  }

  onEnding(): void {
    this.#owner.onEnding(this);
  }

  onUndelivered(call: Call): void {
    this.#owner.onUndelivered(this, call);
  }

  onEnded(end: RuntimeEnd | undefined): void {
    this.#owner.onEnded(this, end);
  }

  onViolation(reason: string): void {
    this.#owner.onViolation(this, reason);
  }

  onDeadline(): void {
    this.deadlineMs = Infinity;
    if (this.#phase === 'loading') this.#owner.onInitTimedOut(this);
  }

  onListenError(error: Error): void {
    this.#owner.onListenError(this, error);
  }
}
