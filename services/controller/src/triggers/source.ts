import type { TriggerBatch, TriggerErrorPolicy } from '@easyfaas/contracts/wire';
import type { InvocationResult } from '../invoke/invoker';

/** A trigger as its source sees it: checked, with its secrets open. */
export interface SourceTrigger<C = Record<string, unknown>> {
  triggerId: string;
  accountId: string;
  functionName: string;
  qualifier: string;
  configuration: C;
  /** By name, in clear: MUST NOT be logged or put into an error. */
  secrets: Readonly<Record<string, string>>;
  batch: TriggerBatch;
  errorPolicy: TriggerErrorPolicy;
  revisionId: string;
  /** ISO 8601, UTC. */
  createdAt: string;
  updatedAt: string;
}

/** What a caller wants a trigger to be, before it is stored. */
export interface TriggerDraft {
  accountId: string;
  configuration: Record<string, unknown>;
  /** Names of the secrets that it will have. */
  secretNames: readonly string[];
  batch: TriggerBatch;
}

export interface SourceEvent {
  /** What the function gets. */
  payload: Buffer;
  contentType: string;
  /** The same event has the same id, also when it is delivered twice: it runs once within 24 hours. */
  eventId?: string;
  /** The event as a value, for the filter; read from the payload when absent. */
  body?: unknown;
  /** W3C Trace Context. */
  traceparent?: string | undefined;
  tracestate?: string | undefined;
  /** Id of the key that the sender brought. */
  keyId?: string | undefined;
}

/** A message that can never become an event. */
export interface DeadMessage {
  /** As the source calls it. */
  messageId: string;
  payload: Buffer;
  contentType: string;
  /** One sentence for people. */
  reason: string;
}

/** The id of a duplicate's invocation is empty when it is not known. */
export type Acceptance = { kind: 'accepted'; invocationId: string; isDuplicate: boolean } | { kind: 'filtered' } | { kind: 'dead' };

/** What a source does with what it takes in. Every method may be called from several events at once. */
export interface TriggerPort {
  /**
   * Filters and counts the event and makes it durable. Only then may the source acknowledge it. An event over the size limit
   * becomes a dead letter, which is durable, too.
   * @throws ServiceError when the event is nowhere: the source MUST NOT acknowledge it
   */
  accept(event: SourceEvent): Promise<Acceptance>;
  /** Whether the filter lets this event through; counts it. */
  passes(body: unknown): boolean;
  /** Calls the function and waits: for sources that need its answer. Failures are results, too. */
  call(payload: Buffer, contentType: string): Promise<InvocationResult>;
  /** Keeps what cannot be delivered. @throws ServiceError STORE_UNAVAILABLE */
  bury(message: DeadMessage): Promise<void>;
  /** The source does not work at the moment. Shown; many in a row pause the trigger, as its error policy says. */
  fail(error: unknown): void;
  /** It works (again). */
  work(): void;
  /** Nothing more is to come, or a person has to act. */
  pause(reason: string): Promise<void>;
  /** Ticks or messages left out on purpose. */
  skip(count: number): void;
}

/**
 * Where the events of a trigger come from. One object per kind serves all triggers of that kind. docs/writing-a-trigger.md has
 * an example.
 */
export interface TriggerSource<C = Record<string, unknown>> {
  /** As in the trigger's `Source`: small letters, digits and -. */
  readonly kind: string;
  /**
   * Who starts it: `every-pod` (pods share the work, as in a consumer group), `one-pod` (one at a time, another takes over when
   * it is gone), `on-request` (events come over our own HTTP server; start and stop are not called).
   */
  readonly placement: 'every-pod' | 'one-pod' | 'on-request';
  /** The names of `Secrets` that it knows. */
  readonly secretNames: readonly string[];
  /** @returns the configuration with its defaults filled in @throws ServiceError VALIDATION_FAILED, URL_NOT_ALLOWED */
  validate(draft: TriggerDraft): C | Promise<C>;
  /** Facts for people, shown with the trigger: where it listens, when it fires next. MUST NOT contain secrets. */
  describe(trigger: Omit<SourceTrigger<C>, 'secrets'>): Record<string, unknown>;
  /** Begins to take events in. A source that loses its connection MUST come back by itself and tell the port. */
  start(trigger: SourceTrigger<C>, port: TriggerPort): void | Promise<void>;
  /** Ends it: what was taken in and is not durable yet is left to the source. No-op for one that does not run. */
  stop(triggerId: string): void | Promise<void>;
}
