import type { RedisStreamConfiguration, SqsRecords, StoredTrigger } from '@easyfaas/contracts/wire';
import { LATEST } from '../../functions/function-name';
import { type LambdaOwner, lambdaArn, lambdaFunctionArn } from './lambda-name';

export interface MappingState {
  /** What AWS says while a change is on its way; in force it is here at once. */
  state?: string | undefined;
  isOn: boolean;
  /** Why it is off, or fails. */
  reason: string | undefined;
}

export function uuidOf({ triggerId }: Pick<StoredTrigger, 'triggerId'>): string {
  return triggerId.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** A trigger as an event source mapping. Pure. */
export function mappingView(trigger: StoredTrigger, owner: LambdaOwner, { state, isOn, reason }: MappingState): Record<string, unknown> {
  const { functionName, qualifier, configuration, batch = {}, filter, errorPolicy, updatedAt, source } = trigger;
  const { EventSourceArn, ReportBatchItemFailures } = configuration['SqsRecords'] as SqsRecords;
  const { StartingPosition } = configuration as Partial<RedisStreamConfiguration>;
  const uuid = uuidOf(trigger);
  return {
    UUID: uuid,
    EventSourceMappingArn: lambdaArn(owner, `event-source-mapping:${uuid}`),
    EventSourceArn,
    FunctionArn: lambdaFunctionArn(owner, { functionName, ...(qualifier === LATEST ? {} : { qualifier }) }),
    BatchSize: batch.Size,
    MaximumBatchingWindowInSeconds: (batch.WindowMs ?? 0) / 1000,
    FunctionResponseTypes: ReportBatchItemFailures === true ? ['ReportBatchItemFailures'] : [],
    ...(filter === undefined ? {} : { FilterCriteria: filter }),
    ...(source === 'redis-stream' ? streamMembers(StartingPosition, errorPolicy.MaxAttempts) : {}),
    // In seconds since the epoch, unlike the times of functions.
    LastModified: Date.parse(updatedAt) / 1000,
    State: state ?? (isOn ? 'Enabled' : 'Disabled'),
    StateTransitionReason: reason ?? 'USER_INITIATED',
  };
}

function streamMembers(position: RedisStreamConfiguration['StartingPosition'], maxAttempts: number | undefined): Record<string, unknown> {
  return {
    StartingPosition: position === 'earliest' ? 'TRIM_HORIZON' : 'LATEST',
    ...(maxAttempts === undefined ? {} : { MaximumRetryAttempts: maxAttempts - 1 }),
  };
}
