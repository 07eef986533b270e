import type { StoredTrigger, TriggerState, TriggerView } from '@easyfaas/contracts/wire';
import type { TriggerSource } from './source';
import type { TriggerStatus } from './trigger-status';

/** A trigger as the API shows it. */
export function triggerView(trigger: StoredTrigger, status: TriggerStatus, source: TriggerSource | undefined): TriggerView {
  const { secrets, isEnabled, pauseReason, filter, batch, ...shown } = trigger;
  const { lastError } = status;
  const reason = isEnabled ? (status.isFailing ? lastError?.Message : undefined) : pauseReason;
  return {
    TriggerId: shown.triggerId,
    Name: shown.name,
    Source: shown.source,
    FunctionName: shown.functionName,
    Qualifier: shown.qualifier,
    Configuration: shown.configuration,
    SecretNames: Object.keys(secrets).sort(),
    ...(filter === undefined ? {} : { Filter: filter }),
    ...(batch === undefined ? {} : { Batch: batch }),
    ErrorPolicy: shown.errorPolicy,
    Enabled: isEnabled,
    State: stateOf(isEnabled, status),
    ...(reason === undefined ? {} : { StateReason: reason }),
    ...(lastError === undefined ? {} : { LastError: lastError }),
    Counters: status.counters,
    Details: source === undefined ? {} : source.describe({ ...shown, batch: batch ?? {} }),
    RevisionId: shown.revisionId,
    CreatedAt: shown.createdAt,
    UpdatedAt: shown.updatedAt,
  };
}

function stateOf(isEnabled: boolean, { isFailing }: TriggerStatus): TriggerState {
  if (!isEnabled) return 'paused';
  return isFailing ? 'failed' : 'active';
}
