/** Bodies of requests about asynchronous calls. */

/** `PUT /v1/functions/{id}/event-invoke-config`; members as in AWS Lambda. Absent ones get their defaults. */
export interface EventInvokeConfigRequest {
  /** Runs after the first one that failed in the function. */
  MaximumRetryAttempts?: number;
  MaximumEventAgeInSeconds?: number;
  DestinationConfig?: {
    OnSuccess?: DestinationRequest;
    OnFailure?: DestinationRequest;
  };
}

/** Lambda's destination record as it is, or as the data of a CloudEvent. */
export type DestinationFormat = 'lambda' | 'cloudevents';

export interface DestinationRequest {
  /** A function's name or BRN, `https://…`, `redis-stream:<name>`, `mqtts://host/topic`. */
  Destination: string;
  /** `lambda` when absent. */
  Format?: DestinationFormat;
  /** Of a broker. */
  Username?: string;
  /** Of a broker, with its Username. Write-only; when it is absent and the rest stays, the one before does, too. */
  Password?: string;
}

/** `POST /v1/functions/{id}/dead-letters/redrive` and the filter of a purge. */
export interface DeadLettersRequest {
  /** Events that failed, or deliveries to a destination that failed; events when absent. */
  kind?: 'event' | 'delivery';
  requestIds?: string[];
  condition?: string;
  errorType?: string;
  /** ISO 8601; of the event's end. */
  since?: string;
  until?: string;
  /** Must be true when nothing else says which ones. */
  all?: boolean;
  /** Also what was redriven before or has succeeded. */
  force?: boolean;
}

/** `POST /v1/invocations/{requestId}/replay`. */
export interface ReplayRequest {
  /** Another version or alias than the event was for. */
  Qualifier?: string;
}
