import type { Clock } from '@easyfaas/service-kit';
import type { ColdReason, InvocationRecord, StoredFunction } from '@easyfaas/contracts/wire';
import type { FunctionPool } from '../pool/function-pool';
import type { AnswerSink, AnswerStream } from './answer-stream';
import type { Timed } from './deadline-sweep';
import type { CallTrace } from '../traces/traces';
import { LogTail } from './log-tail';
import type { Outcome } from './outcome';
import type { Payload } from './payload';

/** What a caller asks for, once the request has been read, authenticated and its function found. */
export interface CallRequest {
  requestId: string;
  stored: StoredFunction;
  payload: Payload;
  contentType: string | undefined;
  clientContext: string | undefined;
  /** W3C Trace Context, as it came. */
  traceparent: string | undefined;
  tracestate?: string | undefined;
  wantsLogTail: boolean;
  /** For the record; a synchronous call when absent. */
  invokeType?: InvocationRecord['invokeType'];
  /** false: no record is written, only metrics. */
  isRecorded?: boolean;
  /** Monotonic, ms: when the request's headers had been read. */
  receivedAtMs: number;
  /** Whose key, where that is a client with one. */
  keyId?: string | undefined;
  /** For the record: what called, where that is no client, such as `trigger:<id>`. */
  source?: string | undefined;
  /** Set for a call that another pod had no room for. */
  forwarded?: ForwardedFrom;
  /** Takes the answer in pieces, when the function sends it so; without one the answer always comes whole. */
  sink?: AnswerSink | undefined;
  /** Where the outcome goes. Called exactly once. */
  reply: Reply;
}

/** Where a call of another pod comes from. */
export interface ForwardedFrom {
  podId: string;
  /** That pod counts it towards the limits of account and function. */
  isAdmitted: boolean;
}

/** A call that another pod was asked to run. Stays with the call when it came back. */
export interface Elsewhere {
  /** The pod that runs it or has run it; undefined when it came back unspent. */
  podId: string | undefined;
  /** Nobody waits for it any more. */
  cancel(): void;
}

/** Whoever waits for a call. */
export interface Reply {
  /** The HTTP status that the caller saw. */
  settle(call: Call, outcome: Outcome): number;
}

/** Told about deadlines. */
export interface CallOwner {
  onCallDeadline(call: Call): void;
}

/**
 * One call's life: `waiting -> running -> settled`, and once back from running to waiting when the container was lost
 * before the call can have reached it.
 *
 * Its deadline means two things: while waiting, how long the caller is made to wait for a container; while running, the
 * function's time-out, which starts when INVOKE is sent, or, for the calls that wait for INIT, when INIT is done.
 */
export class Call implements Timed {
  readonly request: CallRequest;
  /** Monotonic, ms. */
  readonly submittedAtMs: number;
  readonly #owner: CallOwner;
  phase: 'waiting' | 'running' | 'settled' = 'waiting';
  deadlineMs = Infinity;
  /** Monotonic, ms: when it joined the line. */
  waitingSinceMs = 0;
  /** Of the running attempt. */
  containerId: string | undefined;
  stream = 0;
  nonce = '';
  sentAtMs = 0;
  start: 'warm' | 'cold' | undefined;
  coldReason: ColdReason | undefined;
  /** Milliseconds; only of a cold call. */
  warmUpMs: number | undefined;
  initMs: number | undefined;
  /** The client is gone: the answer reaches nobody. */
  isAbandoned = false;
  hasBeenRedispatched = false;
  /** Set once another pod was asked; no call is sent away twice. */
  elsewhere: Elsewhere | undefined;
  /** It counts towards the limits until it has settled. */
  isAdmitted = false;
  readonly pool: FunctionPool;
  log: LogTail | undefined;
  /** Of a call that belongs to one. */
  trace: CallTrace | undefined;
  /** Of a call that has a sink. */
  answer: AnswerStream | undefined;
  settledAtMs = 0;

  /** @param submittedAtMs now, monotonic */
  constructor(request: CallRequest, pool: FunctionPool, owner: CallOwner, submittedAtMs: number) {
    this.request = request;
    this.submittedAtMs = submittedAtMs;
    this.pool = pool;
    this.#owner = owner;
  }

  get requestId(): string {
    return this.request.requestId;
  }

  get timeoutMs(): number {
    return this.request.stored.configuration.Timeout * 1000;
  }

  onDeadline(): void {
    this.#owner.onCallDeadline(this);
  }

  addLog(bytes: Buffer, truncatedBytes: number): void {
    (this.log ??= new LogTail()).add(bytes, truncatedBytes);
  }

  /** Ends the call and tells the caller. @returns the HTTP status, or undefined when it had ended before */
  settle(outcome: Outcome, clock: Clock): number | undefined {
    if (this.phase === 'settled') return undefined;
    this.phase = 'settled';
    this.deadlineMs = Infinity;
    this.settledAtMs = clock.monotonicMs();
    this.answer?.flush();
    return this.request.reply.settle(this, outcome);
  }

  /** From the request's headers until it was admitted, ms: authentication, look-up, reading the body. */
  get routeMs(): number {
    return this.submittedAtMs - this.request.receivedAtMs;
  }

  /** From being admitted to being sent to a container, ms, without the warm-up. */
  get waitingMs(): number {
    const endMs = this.sentAtMs === 0 ? this.settledAtMs : this.sentAtMs;
    return Math.max(0, endMs - this.submittedAtMs - (this.warmUpMs ?? 0));
  }

  /** In the container, ms, without INIT. */
  get invokeMs(): number {
    return this.sentAtMs === 0 ? 0 : Math.max(0, this.settledAtMs - this.sentAtMs - (this.initMs ?? 0));
  }
}
