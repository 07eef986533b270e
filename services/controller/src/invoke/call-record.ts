import { type InvocationRecord, type InvocationStages, LIMITS } from '@easyfaas/contracts/wire';
import type { AnswerStream } from './answer-stream';
import type { Call } from './call';
import { lastBytes } from './log-tail';
import type { Outcome } from './outcome';
import { endLine, reportLine, startLine } from './report-lines';

/** Three decimals, as numbers. */
const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;

/**
 * The record of a call that has ended.
 * @param startedAt ISO 8601
 * @param podId this pod's, where there are several
 */
export function callRecord(call: Call, outcome: Outcome, httpStatus: number, startedAt: string, podId?: string): InvocationRecord {
  const { request } = call;
  const { configuration } = request.stored;
  const totalMs = call.settledAtMs - request.receivedAtMs;
  const record: InvocationRecord = {
    requestId: request.requestId,
    accountId: request.stored.accountId,
    functionName: configuration.FunctionName,
    version: configuration.Version,
    commitId: configuration.CommitId,
    invokeType: request.invokeType ?? 'RequestResponse',
    status: 'succeeded',
    httpStatus,
    startedAt,
    stages: callStages(call, totalMs),
    payloadBytes: request.payload.bytes,
    resultBytes: 0,
  };
  if (request.keyId !== undefined) record.keyId = request.keyId;
  if (request.source !== undefined) record.source = request.source;
  if (call.trace !== undefined) record.traceId = call.trace.traceId;
  const ranOn = call.elsewhere?.podId ?? podId;
  if (ranOn !== undefined) record.podId = ranOn;
  if (call.containerId !== undefined) record.containerId = call.containerId;
  if (call.start !== undefined) record.start = call.start;
  if (call.coldReason !== undefined) record.coldReason = call.coldReason;
  addOutcome(record, outcome);
  if (call.answer !== undefined) addAnswer(record, call, call.answer);
  // The START and REPORT lines of a call that wrote nothing say no more than the record does.
  if (call.log !== undefined) record.logTail = logTail(call, outcome).toString('utf8');
  return record;
}

function addOutcome(record: InvocationRecord, outcome: Outcome): void {
  switch (outcome.kind) {
    case 'result':
      record.resultBytes = outcome.body.length;
      break;
    case 'function-error':
      record.status = 'failed';
      record.resultBytes = outcome.body.length;
      record.errorType = outcome.errorType;
      record.errorMessage = messageOf(outcome.body);
      break;
    case 'platform-error':
      record.status = outcome.error.code === 'THROTTLED' ? 'throttled' : 'error';
      record.errorType = outcome.error.code;
      record.errorMessage = outcome.error.message;
      return;
    case 'abandoned':
      record.status = 'error';
      record.errorMessage = 'The client closed the connection while the call waited for a container.';
      return;
  }
  if (outcome.cpuMs !== undefined) record.cpuMs = rounded(outcome.cpuMs);
  if (outcome.maxRssKb !== undefined) record.maxMemoryMb = Math.ceil(outcome.maxRssKb / 1024);
}

/** Of a call whose answer could be streamed. */
function addAnswer(record: InvocationRecord, call: Call, { firstByteAtMs, bytes }: AnswerStream): void {
  if (firstByteAtMs === undefined) return;
  record.resultBytes = bytes;
  record.stages.firstByteMs = rounded(firstByteAtMs - call.request.receivedAtMs);
  if (!call.isAbandoned) return;
  record.status = 'error';
  delete record.errorType;
  record.errorMessage = 'The client closed the connection, or took nothing for too long, before the answer was complete.';
}

/** @param totalMs from the request's headers to its end */
export function callStages(call: Call, totalMs: number): InvocationStages {
  const result: InvocationStages = { totalMs: rounded(totalMs), waitMs: rounded(call.waitingMs) };
  if (call.warmUpMs !== undefined) result.warmupMs = rounded(call.warmUpMs);
  if (call.initMs !== undefined) result.initMs = rounded(call.initMs);
  if (call.sentAtMs !== 0) result.invokeMs = rounded(call.invokeMs);
  return result;
}

const MESSAGE_CHARACTERS_MAX = 2048;

/** `errorMessage` of an error object that came from inside a container: it may be anything. */
function messageOf(body: Buffer): string {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    const message = typeof value === 'object' && value !== null && 'errorMessage' in value ? value.errorMessage : undefined;
    return typeof message === 'string' ? message.slice(0, MESSAGE_CHARACTERS_MAX) : '';
  } catch (error) {
    if (error instanceof SyntaxError) return '';
    throw error;
  }
}

/** START, what the call wrote, END and REPORT; of that the last 4 KiB, as AWS Lambda's log tail. */
export function logTail(call: Call, outcome: Outcome): Buffer {
  const { configuration } = call.request.stored;
  const { requestId } = call;
  const maxRssKb = outcome.kind === 'result' || outcome.kind === 'function-error' ? (outcome.maxRssKb ?? 0) : 0;
  const text = [
    startLine(requestId, configuration.Version),
    call.log?.text() ?? '',
    outcome.kind === 'function-error' && outcome.cpuMs === undefined ? `${messageOf(outcome.body)}\n` : '',
    endLine(requestId),
    reportLine({
      requestId,
      durationMs: Math.max(0, call.invokeMs),
      memoryMb: configuration.MemorySize,
      maxMemoryMb: Math.ceil(maxRssKb / 1024),
      initMs: call.initMs,
    }),
  ].join('');
  return lastBytes(text, LIMITS.logTailBytes);
}
