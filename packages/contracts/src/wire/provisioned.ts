/** Containers of a function that are kept warm on purpose; members spelled as in AWS Lambda. */

/** Body of `PUT /v1/functions/{id}/provisioned-concurrency`. */
export interface PutProvisionedConcurrencyRequest {
  /** Executions at once; a container gives as many as the function's `PodConcurrentQuota`. */
  ProvisionedConcurrentExecutions: number;
}

/** As the store keeps it, by qualifier. */
export interface StoredProvisioned extends PutProvisionedConcurrencyRequest {
  /** ISO 8601, UTC. */
  LastModified: string;
}

export interface ProvisionedConcurrency {
  RequestedProvisionedConcurrentExecutions: number;
  /** Ready for calls. */
  AvailableProvisionedConcurrentExecutions: number;
  /** Ready, and on their way there. */
  AllocatedProvisionedConcurrentExecutions: number;
  /** FAILED is tried again, less and less often. */
  Status: 'IN_PROGRESS' | 'READY' | 'FAILED';
  StatusReason?: string;
  LastModified: string;
}
