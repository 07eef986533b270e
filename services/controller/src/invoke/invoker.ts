import type { ColdReason, HttpHead, InvocationRecord, InvocationStages } from '@easyfaas/contracts/wire';
import type { ServiceError } from '@easyfaas/service-kit';
import type { AnswerSink } from './answer-stream';

/** A call from within the controller: events, triggers, other dialects. It takes the same way as one over HTTP. */
export interface InvocationRequest {
  accountId: string;
  functionName: string;
  /** `$LATEST`, a version or an alias. */
  qualifier: string;
  payload: Buffer;
  contentType?: string | undefined;
  /** JSON text, not base64. */
  clientContext?: string | undefined;
  /** W3C Trace Context, as it came. */
  traceparent?: string | undefined;
  tracestate?: string | undefined;
  /** Letters, digits and `-`, 8 to 64 of them. */
  requestId: string;
  invokeType: InvocationRecord['invokeType'];
  /** Id of the key that the caller brought. */
  keyId?: string | undefined;
  /** What calls, where that is no client, such as `trigger:<id>`. */
  source?: string | undefined;
  wantsLogTail?: boolean;
  /** Takes the answer in pieces, when the function sends it so. */
  sink?: AnswerSink | undefined;
  /** false: whoever calls writes a record of its own; metrics are noted all the same. */
  isRecorded?: boolean;
}

/** What is known about a call that has ended, however it ended. */
export interface InvocationFacts {
  requestId: string;
  stages: InvocationStages;
  /** W3C Trace Context of the call itself, for whoever goes on from it; absent when it belongs to no trace. */
  traceparent?: string;
  /** Absent when no container was reached. */
  containerId?: string;
  start?: 'warm' | 'cold';
  coldReason?: ColdReason;
  /** Absent when the function was not found. */
  executedVersion?: string;
  /** What the sink was given; absent when it was never begun. Then `success` has no body, and of any other end the sink's client has seen a part. */
  streamedBytes?: number;
  /** START, what was written, END and REPORT, the last 4 KiB; only when asked for. */
  logTail?: Buffer;
  /** The function wrote something, so that the tail says more than a record does; only when the tail was asked for. */
  hasLog?: boolean;
}

/** How a call ended. It never rejects: a platform's failure is a result as well. */
export type InvocationResult = InvocationFacts &
  (
    | { kind: 'success'; body: Buffer; contentType: string; http?: HttpHead; cpuMs?: number; maxRssKb?: number }
    /** The function failed; `body` is the JSON error object in the language's own shape. */
    | { kind: 'function-error'; body: Buffer; errorType: string; cpuMs?: number; maxRssKb?: number }
    /** Not the function's fault: not found, throttled, no container, container lost. `error.definition.retryable` says whether to repeat. */
    | { kind: 'platform-error'; error: ServiceError }
    /** The signal was aborted; the function was told to stop, if it had begun. */
    | { kind: 'aborted' }
  );

/** Ends a call from outside. An AbortSignal is one; it costs more than some calls do. */
export interface StopSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void, options?: { once: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

export interface Invoker {
  /** @param signal ends the call: a waiting one is dropped, a running one is cancelled */
  invoke(request: InvocationRequest, signal?: StopSignal): Promise<InvocationResult>;
}
