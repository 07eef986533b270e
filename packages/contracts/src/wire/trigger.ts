/** Triggers as the API shows them and as the store keeps them. */

/** Limits of triggers. Everything that a user can meet is named in the error that it causes. */
export const TRIGGER_LIMITS = {
  perAccount: 20_000,
  nameCharacters: 64,
  /** The whole of a trigger's `Configuration` as JSON, bytes. */
  configurationBytes: 64 * 1024,
  secretBytes: 4096,
  batchSize: 1000,
  batchWindowMs: 300_000,
  filterPatterns: 5,
  /** One event for the queue: the limit of asynchronous invocations, bytes. */
  eventBytes: 256 * 1024,
  deadLetters: 1000,
} as const;

/** `Filters` are alternatives: an event passes when one of them matches. */
export interface TriggerFilter {
  /** Event patterns as AWS Lambda has them: an object, or its JSON as text. */
  Filters: { Pattern: Record<string, unknown> | string }[];
}

export interface TriggerBatch {
  /** Messages per call, at most. */
  Size?: number;
  /** How long to wait for a batch to fill, milliseconds. */
  WindowMs?: number;
}

export interface TriggerErrorPolicy {
  /** Deliveries of one message before it becomes a dead letter. */
  MaxAttempts?: number;
  /** Failures of the trigger in a row after which it is paused; 0 never pauses it. */
  PauseAfterFailures?: number;
}

/** Members that a create and an update share; in an update absent ones stay as they are. */
export interface TriggerSettings {
  Name?: string;
  Qualifier?: string;
  /** What the source needs to know; its members depend on the source. */
  Configuration?: Record<string, unknown>;
  /** Write-only. `null` in an update removes one. */
  Secrets?: Record<string, string | null>;
  Filter?: TriggerFilter;
  Batch?: TriggerBatch;
  ErrorPolicy?: TriggerErrorPolicy;
  Enabled?: boolean;
}

/** Body of `POST /v1/triggers`. */
export interface CreateTriggerRequest extends TriggerSettings {
  Source: string;
  /** Name, `name:qualifier` or BRN. */
  FunctionName: string;
}

/** Body of `PUT /v1/triggers/{id}`. */
export interface UpdateTriggerRequest extends TriggerSettings {
  FunctionName?: string;
  RevisionId?: string;
}

/** What the store keeps of one trigger. It outlives a deploy: members may be added, never narrowed. */
export interface StoredTrigger {
  triggerId: string;
  accountId: string;
  name: string;
  source: string;
  functionName: string;
  qualifier: string;
  configuration: Record<string, unknown>;
  /** Each sealed by the controllers' secret box; in clear nowhere. */
  secrets: Record<string, string>;
  filter?: TriggerFilter;
  batch?: TriggerBatch;
  errorPolicy: TriggerErrorPolicy;
  isEnabled: boolean;
  /** Why it does not run; absent when it does. */
  pauseReason?: string;
  revisionId: string;
  /** ISO 8601, UTC. */
  createdAt: string;
  updatedAt: string;
}

export const TRIGGER_COUNTERS = ['Received', 'Filtered', 'Accepted', 'Failed', 'DeadLettered', 'Skipped'] as const;
export type TriggerCounter = (typeof TRIGGER_COUNTERS)[number];

export type TriggerState = 'active' | 'paused' | 'failed';

export interface TriggerProblem {
  /** ISO 8601, UTC. */
  At: string;
  Code: string;
  Message: string;
}

/** A trigger as the API shows it: without secrets. */
export interface TriggerView {
  TriggerId: string;
  Name: string;
  Source: string;
  FunctionName: string;
  Qualifier: string;
  Configuration: Record<string, unknown>;
  /** Names only. */
  SecretNames: string[];
  Filter?: TriggerFilter;
  Batch?: TriggerBatch;
  ErrorPolicy: TriggerErrorPolicy;
  Enabled: boolean;
  State: TriggerState;
  StateReason?: string;
  LastError?: TriggerProblem;
  Counters: Record<TriggerCounter, number>;
  /** What the source says of it: where it listens, when it fires next. */
  Details: Record<string, unknown>;
  RevisionId: string;
  CreatedAt: string;
  UpdatedAt: string;
}

/** `POST /v1/triggers/{id}/dead-letters/redrive`: some, or all. */
export interface RedriveTriggerRequest {
  DeadLetterIds?: string[];
  All?: boolean;
}

export interface RedriveTriggerAnswer {
  Redriven: { DeadLetterId: string; InvocationId: string }[];
  /** They stay dead letters. */
  Refused: { DeadLetterId: string; Code: string; Message: string }[];
  /** Ask again for the rest of all. */
  HasMore: boolean;
}
