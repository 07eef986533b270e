import type { ServiceError } from '@easyfaas/service-kit';
import { type ExitHeader, FUNCTION_ERRORS, type HttpHead, LIMITS } from '@easyfaas/contracts/wire';

/** How a call ended. A function's failure is a result of the call; only `platform-error` is a failure of ours. */
export type Outcome = ResultOutcome | FunctionErrorOutcome | PlatformErrorOutcome | AbandonedOutcome;

export interface ResultOutcome {
  kind: 'result';
  contentType: string;
  /** Empty when the answer was streamed. */
  body: Buffer;
  /** What the function says of it where it becomes an HTTP answer. Not checked. */
  http?: HttpHead | undefined;
  cpuMs: number | undefined;
  maxRssKb: number | undefined;
}

export interface FunctionErrorOutcome {
  kind: 'function-error';
  errorType: string;
  /** JSON object in the language's own shape. */
  body: Buffer;
  cpuMs: number | undefined;
  maxRssKb: number | undefined;
}

export interface PlatformErrorOutcome {
  kind: 'platform-error';
  error: ServiceError;
}

/** The client went away while its call waited: nothing was run. */
export interface AbandonedOutcome {
  kind: 'abandoned';
}

/** A function's failure that the platform words, spelled as AWS Lambda spells it. */
export function functionError(errorType: string, errorMessage: string): FunctionErrorOutcome {
  return {
    kind: 'function-error',
    errorType,
    body: Buffer.from(JSON.stringify({ errorType, errorMessage })),
    cpuMs: undefined,
    maxRssKb: undefined,
  };
}

export function timedOut(requestId: string, timeoutMs: number): FunctionErrorOutcome {
  return functionError(FUNCTION_ERRORS.timedOut, `RequestId: ${requestId} Error: ${timeoutText(timeoutMs)}`);
}

export const timeoutText = (timeoutMs: number): string => `Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`;

export function initTimedOut(requestId: string, limitMs: number): FunctionErrorOutcome {
  return functionError(
    FUNCTION_ERRORS.timedOut,
    `RequestId: ${requestId} Error: Init timed out after ${(limitMs / 1000).toFixed(2)} seconds`,
  );
}

export function responseTooLarge(resultBytes: number): FunctionErrorOutcome {
  return functionError(
    FUNCTION_ERRORS.responseTooLarge,
    `Response payload size (${resultBytes} bytes) exceeded maximum allowed payload size (${LIMITS.syncPayloadBytes} bytes).`,
  );
}

export function streamTooLarge(limitBytes: number): FunctionErrorOutcome {
  return functionError(
    FUNCTION_ERRORS.responseTooLarge,
    `The streamed answer is over ${limitBytes} bytes, the limit (EASYFAAS_STREAM_MB); what came before was sent.`,
  );
}

/** What is known about the end of a runtime process. */
export type RuntimeEnd = Pick<ExitHeader, 'code' | 'signal' | 'oom'>;

/** 128 + SIGKILL and 128 + SIGABRT, as a shell or Docker reports them. */
const EXIT_KILLED = 137;
const EXIT_ABORTED = 134;

/** The outcome of a call whose runtime process ended under it. */
export function runtimeExited(requestId: string, exit: RuntimeEnd, memoryMb: number): FunctionErrorOutcome {
  const prefix = `RequestId: ${requestId} Error: Runtime exited with error: ${exitText(exit)}`;
  // V8 aborts by itself when its heap is full; the kernel kills.
  const isHeap = exit.signal === 'SIGABRT' || exit.code === EXIT_ABORTED;
  const isKilled = exit.signal === 'SIGKILL' || exit.code === EXIT_KILLED;
  if (exit.oom && (isHeap || isKilled)) {
    const why = isHeap ? 'The JavaScript heap is full' : 'The container ran out of memory';
    return functionError(FUNCTION_ERRORS.outOfMemory, `${prefix}. ${why}: raise MemorySize (${memoryMb} MB) or keep less in memory.`);
  }
  if (exit.code === 0)
    return functionError(FUNCTION_ERRORS.exited, `RequestId: ${requestId} Error: Runtime exited without providing a reason`);
  // A child of it was killed, and it did not get over that.
  const why = exit.oom ? `. One of its processes was ended by the kernel: the container ran out of memory (${memoryMb} MB).` : '';
  return functionError(FUNCTION_ERRORS.exited, prefix + why);
}

function exitText({ code, signal }: RuntimeEnd): string {
  if (signal !== null) return `signal: ${SIGNAL_WORDS[signal] ?? signal.replace(/^SIG/, '').toLowerCase()}`;
  if (code === EXIT_KILLED) return 'signal: killed';
  return `exit status ${code ?? 'unknown'}`;
}

/** As Go, and so AWS Lambda, words them. */
const SIGNAL_WORDS: Partial<Record<string, string>> = {
  SIGKILL: 'killed',
  SIGABRT: 'aborted',
  SIGSEGV: 'segmentation fault',
  SIGTERM: 'terminated',
  SIGBUS: 'bus error',
  SIGILL: 'illegal instruction',
  SIGFPE: 'floating point exception',
  SIGINT: 'interrupt',
  SIGHUP: 'hangup',
  SIGSYS: 'bad system call',
};
