/** What is to be done with the events of one function; members spelled as in AWS Lambda. */
export interface EventInvokeConfig {
  /** How often an event is run again after the function failed, 0 to 10. */
  MaximumRetryAttempts: number;
  /** Seconds from its acceptance until an event is given up, 60 to 21600. */
  MaximumEventAgeInSeconds: number;
  DestinationConfig: {
    OnSuccess?: { Destination: string };
    OnFailure?: { Destination: string };
  };
  /** Signs what is sent to HTTPS destinations; made by the platform. */
  SigningSecret?: string;
  /** ISO 8601, UTC. */
  LastModified?: string;
}

/** Of a function that has none of its own: AWS Lambda's. */
export const DEFAULT_EVENT_INVOKE_CONFIG: EventInvokeConfig = {
  MaximumRetryAttempts: 2,
  MaximumEventAgeInSeconds: 21_600,
  DestinationConfig: {},
};

export interface EventInvokeConfigStore {
  /** @throws ServiceError STORE_UNAVAILABLE */
  get(accountId: string, functionName: string): Promise<EventInvokeConfig | undefined>;
  put(accountId: string, functionName: string, config: EventInvokeConfig): Promise<void>;
  /** @returns whether there was one */
  delete(accountId: string, functionName: string): Promise<boolean>;
}
