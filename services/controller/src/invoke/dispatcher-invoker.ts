import { type Clock, ServiceError, asServiceError } from '@easyfaas/service-kit';
import type { StoredFunction } from '@easyfaas/contracts/wire';
import type { FunctionDirectory } from '../functions/function-directory';
import type { Call, CallRequest } from './call';
import { callStages, logTail } from './call-record';
import { type Dispatcher, STOP_MS } from './dispatcher';
import type { InvocationFacts, InvocationRequest, InvocationResult, Invoker, StopSignal } from './invoker';
import type { Outcome } from './outcome';
import { payloadOf } from './payload';

export interface DispatcherInvokerDeps {
  clock: Clock;
  directory: FunctionDirectory;
  dispatcher: Pick<Dispatcher, 'submit' | 'abandon'>;
}

/** HTTP statuses that records of calls without HTTP show, as if a client had seen them. */
const OK = 200;
const CLIENT_CLOSED_REQUEST = 499;

/** Calls through the dispatcher that serves HTTP; see {@link Invoker}. */
export class DispatcherInvoker implements Invoker {
  readonly #deps: DispatcherInvokerDeps;

  constructor(deps: DispatcherInvokerDeps) {
    this.#deps = deps;
  }

  async invoke(request: InvocationRequest, signal?: StopSignal): Promise<InvocationResult> {
    const { clock, directory } = this.#deps;
    const receivedAtMs = clock.monotonicMs();
    const nowhere: InvocationFacts = { requestId: request.requestId, stages: { totalMs: 0 } };
    if (isAborted(signal)) return { ...nowhere, kind: 'aborted' };
    try {
      const found = directory.find(request.accountId, request.functionName, request.qualifier);
      const stored = found instanceof Promise ? await found : found;
      assertActive(stored);
      // One that was aborted meanwhile tells nobody any more.
      if (isAborted(signal)) return { ...nowhere, kind: 'aborted' };
      return await this.#submit(request, stored, receivedAtMs, signal);
    } catch (error) {
      return { ...nowhere, kind: 'platform-error', error: asServiceError(error) };
    }
  }

  #submit(
    request: InvocationRequest,
    stored: StoredFunction,
    receivedAtMs: number,
    signal: StopSignal | undefined,
  ): Promise<InvocationResult> {
    const { dispatcher, clock } = this.#deps;
    return new Promise((resolve) => {
      const onAbort = (): void => {
        dispatcher.abandon(call);
        // A function that runs is asked to stop; one that does not is ended like one that ran out of time. Nobody here waits.
        call.deadlineMs = Math.min(call.deadlineMs, clock.monotonicMs() + STOP_MS);
        resolve({ ...factsOf(call, { kind: 'abandoned' }, request), kind: 'aborted' });
      };
      const callRequest: CallRequest = {
        requestId: request.requestId,
        stored,
        payload: payloadOf(request.payload),
        contentType: request.contentType,
        clientContext: request.clientContext,
        traceparent: request.traceparent,
        tracestate: request.tracestate,
        wantsLogTail: request.wantsLogTail === true,
        sink: request.sink,
        invokeType: request.invokeType,
        keyId: request.keyId,
        source: request.source,
        isRecorded: request.isRecorded !== false,
        receivedAtMs,
        reply: {
          settle: (settled, outcome) => {
            signal?.removeEventListener('abort', onAbort);
            resolve(resultOf(settled, outcome, request));
            return statusOf(outcome);
          },
        },
      };
      const call = dispatcher.submit(callRequest);
      if (call.phase !== 'settled') signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}

function resultOf(call: Call, outcome: Outcome, request: InvocationRequest): InvocationResult {
  const facts = factsOf(call, outcome, request);
  if (outcome.kind === 'abandoned') return { ...facts, kind: 'aborted' };
  if (outcome.kind === 'platform-error') return { ...facts, kind: 'platform-error', error: outcome.error };
  const used = {
    ...(outcome.cpuMs === undefined ? {} : { cpuMs: outcome.cpuMs }),
    ...(outcome.maxRssKb === undefined ? {} : { maxRssKb: outcome.maxRssKb }),
  };
  // The frame's bytes are a view of the chunk that they came in: whoever keeps them must not keep all of that.
  const body = Buffer.from(outcome.body);
  if (outcome.kind === 'result') {
    const http = outcome.http === undefined ? {} : { http: outcome.http };
    return { ...facts, ...used, kind: 'success', body, contentType: outcome.contentType, ...http };
  }
  return { ...facts, ...used, kind: 'function-error', body, errorType: outcome.errorType };
}

function factsOf(call: Call, outcome: Outcome, request: InvocationRequest): InvocationFacts {
  const totalMs = call.settledAtMs === 0 ? 0 : call.settledAtMs - call.request.receivedAtMs;
  return {
    requestId: call.requestId,
    stages: callStages(call, totalMs),
    executedVersion: call.request.stored.configuration.Version,
    ...(call.trace === undefined ? {} : { traceparent: call.trace.traceparent }),
    ...(call.containerId === undefined ? {} : { containerId: call.containerId }),
    ...(call.start === undefined ? {} : { start: call.start }),
    ...(call.coldReason === undefined ? {} : { coldReason: call.coldReason }),
    ...(call.answer?.hasBegun === true ? { streamedBytes: call.answer.bytes } : {}),
    ...(request.wantsLogTail === true ? { logTail: logTail(call, outcome), hasLog: call.log !== undefined } : {}),
  };
}

function statusOf(outcome: Outcome): number {
  if (outcome.kind === 'platform-error') return outcome.error.status;
  return outcome.kind === 'abandoned' ? CLIENT_CLOSED_REQUEST : OK;
}

const isAborted = (signal: StopSignal | undefined): boolean => signal?.aborted === true;

/** @throws ServiceError NOT_READY, DEPLOY_FAILED */
export function assertActive({ configuration }: StoredFunction): void {
  const { State, StateReason, FunctionName } = configuration;
  if (State === 'Active') return;
  const why = StateReason === undefined ? '' : ` ${StateReason}`;
  throw new ServiceError(State === 'Failed' ? 'DEPLOY_FAILED' : 'NOT_READY', `The function ${FunctionName} is ${State}, not Active.${why}`);
}
