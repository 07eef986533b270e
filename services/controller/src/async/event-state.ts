import type { DestinationFormat, InvocationStages } from '@easyfaas/contracts/wire';

/** The states of an event's life; the last four are final. */
export type EventStatus = 'accepted' | 'running' | 'succeeded' | 'failed' | 'expired' | 'cancelled';

/** Why an event has ended; the first three are AWS Lambda's words. */
export type EventCondition =
  'Success' | 'RetriesExhausted' | 'EventAgeExceeded' | 'ZeroReservedConcurrency' | 'NotRunnable' | 'RecursionLimit' | 'Cancelled';

/** One try. */
export interface EventAttempt {
  /** From 1; a try that reached no container has the number of the next one. */
  attempt: number;
  /** ISO 8601, UTC. */
  startedAt: string;
  endedAt: string;
  outcome: 'success' | 'function error' | 'platform error' | 'worker lost' | 'cancelled' | 'handed back';
  /** `errorType` of the function, or the platform's code. */
  reason?: string;
  message?: string;
  containerId?: string;
  /** Milliseconds until the next one. */
  retryInMs?: number;
}

/** Everything known about one event. */
export interface EventState {
  accountId: string;
  requestId: string;
  functionName: string;
  qualifier: string;
  status: EventStatus;
  /** Tries that were begun. */
  attempt: number;
  /** Tries in which the function failed: these are the ones that count. */
  functionErrors: number;
  /** Tries in a row that failed for another reason. */
  faults: number;
  payload: Buffer;
  contentType: string | undefined;
  clientContext: string | undefined;
  /** W3C Trace Context: of who sent it, and once it has ended of the last try. */
  traceparent: string | undefined;
  tracestate: string | undefined;
  source: string;
  /** Of whoever sent it. */
  keyId: string | undefined;
  depth: number;
  acceptedAtMs: number;
  notBeforeMs: number | undefined;
  startedAtMs: number | undefined;
  endedAtMs: number | undefined;
  maximumRetryAttempts: number | undefined;
  maximumAgeMs: number | undefined;
  cancelRequestedAtMs: number | undefined;
  /** The latest ones, oldest first. */
  attempts: EventAttempt[];
  condition: EventCondition | undefined;
  replayOf: string | undefined;
  redrivenAs: string | undefined;
  /** Of the last try. */
  result: Buffer | undefined;
  resultContentType: string | undefined;
  /** Bytes that the result had; more than are kept when it was over the limit. */
  resultBytes: number;
  errorType: string | undefined;
  logTail: string | undefined;
  executedVersion: string | undefined;
  /** Of the last try, ms. */
  stages: InvocationStages | undefined;
  /** What became of the destination's delivery. */
  delivery: EventDelivery | undefined;
  /** The same of the caller's own URL; pending from the beginning. */
  callback: EventDelivery | undefined;
}

/** What is known of an event once it has ended, or of its last try; kept as one field when it has ended. */
export type EventOutcome = {
  [Name in 'attempts' | 'condition' | 'resultContentType' | 'resultBytes' | 'errorType' | 'logTail' | 'executedVersion' | 'stages']?:
    EventState[Name] | undefined;
};

export interface EventDelivery {
  destination: string;
  /** Lambda's record when absent. */
  format?: DestinationFormat | undefined;
  status: 'pending' | 'delivered' | 'failed';
  attempts: number;
  /** Of the last try that failed. */
  error?: string;
}

export function pendingDelivery(destination: string, format?: DestinationFormat): EventDelivery {
  return { destination, ...(format === undefined ? {} : { format }), status: 'pending', attempts: 0 };
}

/** What may have to be sent when an event has ended. */
export const DELIVERY_KINDS = ['delivery', 'callback'] as const;
export type DeliveryKind = (typeof DELIVERY_KINDS)[number];

/** Names a delivery in the outbox: `<account>:<request id>[:callback]`. */
export function outboxMember({ accountId, requestId }: Pick<EventState, 'accountId' | 'requestId'>, kind: DeliveryKind): string {
  return kind === 'delivery' ? `${accountId}:${requestId}` : `${accountId}:${requestId}:${kind}`;
}

export function readOutboxMember(member: string): { accountId: string; requestId: string; kind: DeliveryKind } {
  const [accountId = '', requestId = '', kind] = member.split(':');
  return { accountId, requestId, kind: kind === 'callback' ? kind : 'delivery' };
}

export const isFinal = (status: EventStatus): boolean => status !== 'accepted' && status !== 'running';

const NOTHING: EventOutcome = {};

/** From what Redis has: names and values as bytes, one after the other. */
export function readEventState(accountId: string, requestId: string, flat: readonly Buffer[]): EventState {
  const fields = new Map<string, Buffer>();
  for (let index = 0; index + 1 < flat.length; index += 2) fields.set(String(flat[index]), flat[index + 1] as Buffer);
  const text = (name: string): string | undefined => fields.get(name)?.toString('utf8');
  const json = (name: string): unknown => (fields.has(name) ? JSON.parse(text(name) ?? '') : undefined);
  const figure = (name: string): number | undefined => (fields.has(name) ? Number(text(name)) : undefined);
  // Property by property: an object that others are spread into is a slow one, and this one is read for every event.
  const ended = (json('outcome') ?? NOTHING) as EventOutcome;
  return {
    accountId,
    requestId,
    functionName: text('functionName') ?? '',
    qualifier: text('qualifier') ?? '$LATEST',
    status: (text('status') ?? 'accepted') as EventStatus,
    attempt: figure('attempt') ?? 0,
    functionErrors: figure('functionErrors') ?? 0,
    faults: figure('faults') ?? 0,
    payload: fields.get('payload') ?? Buffer.alloc(0),
    contentType: text('contentType'),
    clientContext: text('clientContext'),
    traceparent: text('traceparent'),
    tracestate: text('tracestate'),
    source: text('source') ?? 'api',
    keyId: text('keyId'),
    depth: figure('depth') ?? 0,
    acceptedAtMs: figure('acceptedAt') ?? 0,
    notBeforeMs: figure('notBeforeMs'),
    startedAtMs: figure('startedAt'),
    endedAtMs: figure('endedAt'),
    maximumRetryAttempts: figure('maximumRetryAttempts'),
    maximumAgeMs: figure('maximumAgeMs'),
    cancelRequestedAtMs: figure('cancelRequestedAt'),
    attempts: ended.attempts ?? ((json('attempts') ?? []) as EventAttempt[]),
    condition: ended.condition ?? (text('condition') as EventCondition | undefined),
    replayOf: text('replayOf'),
    redrivenAs: text('redrivenAs'),
    result: fields.get('result'),
    resultContentType: ended.resultContentType ?? text('resultContentType'),
    resultBytes: ended.resultBytes ?? figure('resultBytes') ?? 0,
    errorType: ended.errorType ?? text('errorType'),
    logTail: ended.logTail ?? text('logTail'),
    executedVersion: ended.executedVersion ?? text('executedVersion'),
    stages: ended.stages ?? (json('stages') as InvocationStages | undefined),
    delivery: json('delivery') as EventDelivery | undefined,
    callback: json('callback') as EventDelivery | undefined,
  };
}
