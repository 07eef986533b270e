/** One finished invocation. In Redis records outlive a deploy: members may be added, never narrowed. */
export interface InvocationRecord {
  requestId: string;
  accountId: string;
  /** Id of the key that called, or that signed; of an event, the one that sent it. Absent where nobody brought one, as with cron. Never the key. */
  keyId?: string;
  functionName: string;
  version: string;
  commitId: string;
  invokeType: 'RequestResponse' | 'Event';
  /** The last two only of events. */
  status: 'succeeded' | 'failed' | 'throttled' | 'error' | 'expired' | 'cancelled';
  /** HTTP status of the answer. */
  httpStatus: number;
  /** Function fault: its `errorType`. Platform fault: our error code. */
  errorType?: string;
  errorMessage?: string;
  /** W3C trace id, 32 hex characters; only of a call that belongs to a trace. */
  traceId?: string;
  /** The pod that ran it; absent where a pod is on its own. */
  podId?: string;
  containerId?: string;
  start?: 'warm' | 'cold';
  /** Why there was no warm container; only when cold. */
  coldReason?: ColdReason;
  /** ISO 8601, UTC, when the request had been read. */
  startedAt: string;
  /** Milliseconds, each with three decimals at most. */
  stages: InvocationStages;
  payloadBytes: number;
  resultBytes: number;
  cpuMs?: number;
  maxMemoryMb?: number;
  /** Events only: tries that were begun. */
  attemptCount?: number;
  /** Of an event, where it came from, such as `api` or `trigger:<id>`; of a synchronous call, the trigger that made it. */
  source?: string;
  /** Events only: why it has ended, in AWS Lambda's words where it has them. */
  condition?: string;
  /** Throttled calls only: how many of the function's before it were throttled and have no record. */
  leftOut?: number;
  /** The last bytes of the log, at most 4 KiB. */
  logTail?: string;
}

export interface InvocationStages {
  totalMs: number;
  waitMs?: number;
  warmupMs?: number;
  initMs?: number;
  invokeMs?: number;
  /** Streamed answers only: from the request's headers to the first bytes of the answer. */
  firstByteMs?: number;
}

export type ColdReason =
  | 'first call'
  | 'pool empty'
  | 'version changed'
  | 'busy'
  | 'idle'
  | 'evicted'
  /** The function of the same account, or the runtime, that the room was needed for. */
  | `evicted for ${string}`
  | 'max age'
  | 'max calls'
  | 'unhealthy';
