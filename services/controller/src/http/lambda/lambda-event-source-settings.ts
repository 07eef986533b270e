import {
  type SqsRecords,
  type StoredTrigger,
  TRIGGER_LIMITS,
  type TriggerErrorPolicy,
  type TriggerFilter,
  type TriggerSettings,
} from '@easyfaas/contracts/wire';
import { LambdaError } from './lambda-error';
import type { LambdaOwner } from './lambda-name';
import { ownArn } from './lambda-own-arn';

export interface EventSource {
  kind: 'queue' | 'redis-stream';
  name: string;
  /** As the mapping shows it. */
  arn: string;
}

const BATCH_DEFAULT = { queue: 10, 'redis-stream': 100 } as const;
const WINDOW_MAX_S = TRIGGER_LIMITS.batchWindowMs / 1000;
const STREAM_ONLY = ['StartingPosition', 'MaximumRetryAttempts'];
const MEMBERS = ['BatchSize', 'MaximumBatchingWindowInSeconds', 'FilterCriteria', 'FunctionResponseTypes', 'Enabled'];
const POSITIONS: Readonly<Record<string, 'latest' | 'earliest'>> = { LATEST: 'latest', TRIM_HORIZON: 'earliest' };
const KINDS = 'arn:aws:sqs:<region>:<account>:<name> is the queue <name> of the account, arn:aws:redis-stream:… the stream';

/** @throws LambdaError for what is neither a queue nor a stream of the account */
export function readEventSource(value: unknown, owner: LambdaOwner): EventSource {
  if (typeof value !== 'string') throw refused('Unrecognized event source.');
  if (!/^arn:aws:(sqs|redis-stream):/.test(value)) throw refused(`Unrecognized event source: ${KINDS}.`);
  const { service, name } = ownArn(value, owner);
  return { kind: service === 'sqs' ? 'queue' : 'redis-stream', name, arn: value };
}

/** Of a trigger that is an event source mapping; undefined for others. */
export function eventSourceOf({ source, configuration }: StoredTrigger): EventSource | undefined {
  const records = configuration['SqsRecords'] as SqsRecords | undefined;
  if (records === undefined || (source !== 'queue' && source !== 'redis-stream')) return undefined;
  return { kind: source, name: String(configuration[source === 'queue' ? 'Queue' : 'Stream']), arn: records.EventSourceArn };
}

/**
 * What a trigger has to be for a mapping.
 * @param current what it is now, when it is changed
 * @throws LambdaError: nothing is stored that is not in force
 */
export function readMappingSettings(
  source: EventSource,
  body: Readonly<Record<string, unknown>>,
  { triggerId, ...current }: Pick<StoredTrigger, 'triggerId'> & Partial<Pick<StoredTrigger, 'configuration' | 'batch' | 'errorPolicy'>>,
): TriggerSettings {
  const isStream = source.kind === 'redis-stream';
  const unknown = Object.keys(body).find((name) => !MEMBERS.includes(name) && !(isStream && STREAM_ONLY.includes(name)));
  if (unknown !== undefined) throw refused(`Unsupported ${unknown.slice(0, 64)} parameter for given event source mapping type.`);
  const { FilterCriteria, Enabled } = body;
  if (Enabled !== undefined && typeof Enabled !== 'boolean') throw refused('Enabled must be true or false.');
  const windowS = whole(body, 'MaximumBatchingWindowInSeconds', 0, WINDOW_MAX_S);
  const size = whole(body, 'BatchSize', 1, TRIGGER_LIMITS.batchSize);
  return {
    Configuration: configurationOf(source, body, current.configuration, triggerId),
    Batch: {
      Size: size ?? current.batch?.Size ?? BATCH_DEFAULT[source.kind],
      WindowMs: windowS === undefined ? (current.batch?.WindowMs ?? 0) : windowS * 1000,
    },
    ...(FilterCriteria === undefined ? {} : { Filter: filterOf(FilterCriteria) }),
    ...errorPolicyOf(body, current.errorPolicy),
    ...(Enabled === undefined ? {} : { Enabled }),
  };
}

function configurationOf(
  { kind, name, arn }: EventSource,
  body: Readonly<Record<string, unknown>>,
  current: Readonly<Record<string, unknown>> | undefined,
  triggerId: string,
): Record<string, unknown> {
  const before = current?.['SqsRecords'] as SqsRecords | undefined;
  const reports = responseTypesOf(body['FunctionResponseTypes']) ?? before?.ReportBatchItemFailures === true;
  const SqsRecords = { EventSourceArn: arn, ReportBatchItemFailures: reports };
  if (kind === 'queue') return { Queue: name, Format: 'json', SqsRecords };
  const { StartingPosition: asked } = body;
  if (asked === undefined && current === undefined) throw refused('StartingPosition is needed for a stream: LATEST or TRIM_HORIZON.');
  const position = typeof asked === 'string' ? POSITIONS[asked] : undefined;
  if (asked !== undefined && (position === undefined || current !== undefined)) {
    throw refused('StartingPosition must be LATEST or TRIM_HORIZON, and cannot be changed later.');
  }
  // Several functions on one stream see all of it each.
  return {
    Stream: name,
    Format: 'text',
    Group: `mapping-${triggerId}`,
    StartingPosition: position ?? current?.['StartingPosition'],
    SqsRecords,
  };
}

function responseTypesOf(value: unknown): boolean | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((each) => each === 'ReportBatchItemFailures')) return value.length > 0;
  throw refused('FunctionResponseTypes must be a list of ReportBatchItemFailures, or empty.');
}

function errorPolicyOf(body: Readonly<Record<string, unknown>>, current: TriggerErrorPolicy = {}): { ErrorPolicy?: TriggerErrorPolicy } {
  const retries = whole(body, 'MaximumRetryAttempts', 0, 999);
  return retries === undefined ? {} : { ErrorPolicy: { ...current, MaxAttempts: retries + 1 } };
}

/** Without filters everything passes. */
function filterOf(value: unknown): TriggerFilter {
  const filters: unknown = typeof value === 'object' && value !== null && 'Filters' in value ? value.Filters : [];
  const isList = Array.isArray(filters) && filters.length <= TRIGGER_LIMITS.filterPatterns;
  if (!isList || !filters.every(isFilter)) {
    throw refused(
      `FilterCriteria.Filters must be a list of at most ${TRIGGER_LIMITS.filterPatterns} objects with a Pattern, JSON as text.`,
    );
  }
  return { Filters: filters.map(({ Pattern }) => ({ Pattern })) };
}

function isFilter(value: unknown): value is { Pattern: string } {
  return typeof value === 'object' && value !== null && 'Pattern' in value && typeof value.Pattern === 'string';
}

function whole(body: Readonly<Record<string, unknown>>, name: string, min: number, max: number): number | undefined {
  const value = body[name];
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw refused(`${name} must be a whole number from ${min} to ${max}.`);
}

function refused(message: string): LambdaError {
  return new LambdaError('InvalidParameterValueException', message);
}
