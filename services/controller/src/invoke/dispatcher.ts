import { type Clock, ServiceError } from '@easyfaas/service-kit';
import type { ColdReason, StoredFunction } from '@easyfaas/contracts/wire';
import type { PoolContainer } from '../pool/container';
import type { FunctionPool } from '../pool/function-pool';
import type { FunctionPools } from '../pool/function-pools';
import { noteStartFailure } from '../pool/start-circuit';
import { type Admission, throttled } from './admission';
import { type AnswerSink, AnswerStream } from './answer-stream';
import { Call, type CallOwner, type CallRequest } from './call';
import type { CallJournal } from './call-journal';
import type { DeadlineSweep } from './deadline-sweep';
import type { NonceSource } from './nonce-source';
import type { Traces } from '../traces/traces';
import { type Outcome, timedOut } from './outcome';
import type { Overflow } from './overflow';

export interface DispatcherDeps {
  clock: Clock;
  sweep: DeadlineSweep;
  nonces: NonceSource;
  pools: FunctionPools;
  admission: Admission;
  journal: CallJournal;
  traces: Pick<Traces, 'begin'>;
  /** Where calls go that this pod has no room for. */
  overflow: Pick<Overflow, 'takeRefused'>;
  /** How long a call is made to wait for a container, ms. */
  waitMs: number;
  /** Calls that one container serves before it is replaced; Infinity for no limit. */
  maxCalls: number;
  /** A call has joined the line: someone has to see to containers. */
  onWaiting: (pool: FunctionPool) => void;
  /** The call was answered; its container, whose function still runs, has to be dealt with. */
  onTimedOut: (call: Call) => void;
  /** Nothing runs in it any more and nothing may: it is draining, or its function has a newer commit. */
  onDrained: (container: PoolContainer) => void;
  /** The client of a running call is gone. */
  onAbandoned: (call: Call) => void;
  /** Why no container could be prepared lately; undefined when nothing failed. */
  lastFailure: (pool: FunctionPool) => ServiceError | undefined;
  /** Largest streamed answer. */
  streamBytes: number;
  /** There are as many containers as there may be. */
  isPoolFull: () => boolean;
}

/** What a function has to stop when nobody wants its answer any more, ms. */
export const STOP_MS = 2000;

/** Brings calls and containers together: a free slot at once, or the waiting line and then the first slot that comes free. */
export class Dispatcher implements CallOwner {
  readonly #deps: DispatcherDeps;

  constructor(deps: DispatcherDeps) {
    this.#deps = deps;
  }

  /** Takes a call. Its reply is settled exactly once, possibly before this returns. */
  submit(request: CallRequest): Call {
    const { pools, overflow, sweep, clock, traces } = this.#deps;
    const pool = pools.of(request.stored);
    const call = new Call(request, pool, this, clock.monotonicMs());
    call.trace = traces.begin(request);
    if (request.sink !== undefined) call.answer = this.#answerOf(call, request.sink);
    const refusal = this.#admit(call);
    if (refusal !== undefined) {
      if (!overflow.takeRefused(call, refusal)) this.settle(call, { kind: 'platform-error', error: refusal });
      return call;
    }
    call.isAdmitted = true;
    sweep.wake();
    this.#place(call);
    return call;
  }

  /** When a call that cannot even be taken does well to come again, whole seconds. */
  retryAfterS(stored: StoredFunction): number {
    return this.#deps.pools.of(stored).retryAfterS;
  }

  /** The client is gone: a waiting call is dropped, a running one is told to stop. */
  abandon(call: Call): void {
    if (call.phase === 'settled' || call.isAbandoned) return;
    call.isAbandoned = true;
    if (call.elsewhere?.podId !== undefined) call.elsewhere.cancel();
    if (call.phase === 'running') return this.#deps.onAbandoned(call);
    call.pool.line.remove(call);
    this.settle(call, { kind: 'abandoned' });
  }

  /**
   * The rest of a streamed answer is not wanted. Its client is told at once; the function is told to stop, and is ended like one that
   * ran out of time when it does not.
   */
  cutOff(call: Call, outcome: Outcome): void {
    const { clock, sweep, onAbandoned } = this.#deps;
    const { deadlineMs } = call;
    this.settle(call, outcome);
    call.elsewhere?.cancel();
    call.deadlineMs = Math.min(deadlineMs, clock.monotonicMs() + STOP_MS);
    sweep.wake();
    onAbandoned(call);
  }

  /** An answer came: the slot goes to the oldest waiting call before this one's client is answered, so that nobody idles. */
  onCallEnded(container: PoolContainer, call: Call, outcome: Outcome): void {
    const { clock, onDrained } = this.#deps;
    const pool = container.functionPool;
    const nowMs = clock.monotonicMs();
    container.lastUsedMs = nowMs;
    if (pool !== undefined) {
      pool.noteCallMs(nowMs - call.sentAtMs, call.start === 'cold');
      if (container.phase === 'warm') this.feed(container);
    }
    this.settle(call, outcome);
    const isUnwanted = container.phase === 'draining' || (container.phase === 'warm' && pool?.isRetired === true);
    if (isUnwanted && container.inFlight === 0) onDrained(container);
  }

  /** Fills a container's free slots from the line. Flushed at once where the process inside has nothing else to do. */
  feed(container: PoolContainer, coldReason?: ColdReason): void {
    const pool = container.functionPool;
    if (pool === undefined || container.isHeld) return;
    const wasIdle = container.inFlight === 0;
    while (container.inFlight < container.concurrency && container.servedCalls < this.#deps.maxCalls) {
      const call = pool.line.shift();
      if (call === undefined) break;
      this.#send(container, call, coldReason);
    }
    pool.noteSlots(container);
    this.#endIfWorn(container);
    flush(container, wasIdle);
  }

  onCallDeadline(call: Call): void {
    if (call.phase === 'waiting') return this.#giveUp(call);
    this.settle(call, timedOut(call.requestId, call.timeoutMs));
    this.#deps.onTimedOut(call);
  }

  /** A call whose container was lost before it can have begun goes to another one, once, ahead of the line's limit. */
  redispatch(call: Call): void {
    call.hasBeenRedispatched = true;
    call.phase = 'waiting';
    call.containerId = undefined;
    call.sentAtMs = 0;
    // What the lost container said was not about this call.
    call.log = undefined;
    this.#place(call);
  }

  settle(call: Call, outcome: Outcome): void {
    const { admission, journal, clock } = this.#deps;
    if (call.isAdmitted) {
      call.isAdmitted = false;
      if (call.request.forwarded?.isAdmitted === true) admission.leaveForwarded();
      else admission.leave(call.request.stored, call.pool);
    }
    const httpStatus = call.settle(outcome, clock);
    // A call of another pod is written down there, where its client is.
    if (httpStatus !== undefined && call.request.forwarded === undefined) journal.write(call, outcome, httpStatus);
    // Another pod's connection may still be reading it.
    if (httpStatus !== undefined && call.elsewhere === undefined) call.request.payload.lent?.letGo();
  }

  /** Answers everybody in the line. */
  failLine(pool: FunctionPool, outcomeOf: (call: Call) => Outcome): void {
    for (const call of pool.line.takeAll()) this.settle(call, outcomeOf(call));
  }

  /** A call that another pod gave back unspent waits here, for what is left of its time. */
  takeBack(call: Call): void {
    call.phase = 'waiting';
    const { deadlineMs } = call;
    this.#place(call);
    // Placed anew it was given the whole time once more.
    if (this.#isWaiting(call)) call.deadlineMs = Math.min(call.deadlineMs, deadlineMs);
  }

  #answerOf(call: Call, sink: AnswerSink): AnswerStream {
    return new AnswerStream(call, {
      sink,
      limitBytes: this.#deps.streamBytes,
      nowMs: () => this.#deps.clock.monotonicMs(),
      cutOff: (ended, outcome) => this.cutOff(ended, outcome),
    });
  }

  #isWaiting(call: Call): boolean {
    return call.phase === 'waiting';
  }

  #admit(call: Call): ServiceError | undefined {
    const { admission } = this.#deps;
    if (call.request.forwarded?.isAdmitted !== true) return admission.enter(call.request.stored, call.pool);
    admission.enterForwarded();
    return undefined;
  }

  #place(call: Call): void {
    const { clock, waitMs, onWaiting } = this.#deps;
    const { pool } = call;
    const container = pool.chooseWarm();
    if (container !== undefined) {
      this.#send(container, call);
      pool.noteSlots(container);
      this.#endIfWorn(container);
      // Nobody waits for an event: those that were taken together reach the process inside together.
      flush(container, container.inFlight === 1 && call.request.invokeType !== 'Event');
      return;
    }
    const nowMs = clock.monotonicMs();
    const failure = pool.startFailure;
    if (failure !== undefined && failure.untilMs > nowMs && pool.containers.size === 0) return this.settle(call, failure.outcomeOf(call));
    if (pool.line.isFull && !call.hasBeenRedispatched) {
      const text = `${pool.line.length} calls of ${pool.stored.configuration.FunctionName} are waiting for a container already, the most that may; try again shortly.`;
      const error = throttled('WaitingLineFull', text, pool.retryAfterS);
      return this.#deps.overflow.takeRefused(call, error) ? undefined : this.settle(call, { kind: 'platform-error', error });
    }
    call.deadlineMs = nowMs + waitMs;
    call.waitingSinceMs = nowMs;
    pool.line.push(call);
    onWaiting(pool);
  }

  /** After its last call it is reset; the next ones go elsewhere. */
  #endIfWorn(container: PoolContainer): void {
    if (container.servedCalls >= this.#deps.maxCalls) container.drain(`served ${container.servedCalls} calls`, 'max calls');
  }

  #send(container: PoolContainer, call: Call, coldReason?: ColdReason): void {
    const { clock, nonces } = this.#deps;
    const { runtime } = container.connection;
    if (runtime === undefined) throw new Error(`container ${container.containerId} has no runtime connection`);
    const isLoading = container.phase === 'loading';
    const nowMs = clock.monotonicMs();
    call.phase = 'running';
    container.servedCalls++;
    call.containerId = container.containerId;
    call.sentAtMs = nowMs;
    call.start = isLoading ? 'cold' : 'warm';
    if (isLoading) {
      call.coldReason = coldReason;
      call.warmUpMs = container.warmUpMs;
    }
    // While INIT runs, INIT's own limit holds; the function's time-out starts when it is done.
    call.deadlineMs = isLoading ? Infinity : nowMs + call.timeoutMs;
    runtime.sendInvoke(call, nonces.next());
  }

  #giveUp(call: Call): void {
    const { waitMs, lastFailure, isPoolFull } = this.#deps;
    const { pool } = call;
    pool.line.remove(call);
    const name = pool.stored.configuration.FunctionName;
    const seconds = waitMs / 1000;
    const cause = lastFailure(pool);
    if (cause === undefined && (pool.warm > 0 || isPoolFull())) {
      const whose = pool.warm > 0 ? `All containers of ${name}` : 'All containers of the pool';
      const text = `${whose} were busy for ${seconds} s and no further one came free; try again shortly.`;
      return this.settle(call, { kind: 'platform-error', error: throttled('WaitedTooLong', text, pool.retryAfterS) });
    }
    if (cause !== undefined) noteStartFailure(pool, cause, this.#deps.clock.monotonicMs());
    const why = cause === undefined ? 'the pool is being filled' : cause.message;
    const error = new ServiceError('RUNTIME_UNAVAILABLE', `No container for ${name} was ready within ${seconds} s: ${why}`, {
      cause,
      headers: { 'Retry-After': String(pool.retryAfterS) },
    });
    this.settle(call, { kind: 'platform-error', error });
  }
}

/** A process that has nothing to do is woken at once; one that is at work gets all calls of this turn in one piece. */
function flush({ connection }: PoolContainer, isIdle: boolean): void {
  if (isIdle) connection.runtime?.flush();
  else connection.runtime?.flushSoon();
}
