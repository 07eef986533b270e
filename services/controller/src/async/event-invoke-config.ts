import type { DestinationRequest } from '@easyfaas/contracts/wire';

/** A destination as it is kept. */
export interface StoredDestination extends Omit<DestinationRequest, 'Password'> {
  /** Of a broker; bound to the function and the destination. */
  SealedPassword?: string;
}

/** What is to be done with the events of one function; members spelled as in AWS Lambda. */
export interface EventInvokeConfig {
  /** How often an event is run again after the function failed, 0 to 10. */
  MaximumRetryAttempts: number;
  /** Seconds from its acceptance until an event is given up, 60 to 21600. */
  MaximumEventAgeInSeconds: number;
  DestinationConfig: {
    OnSuccess?: StoredDestination;
    OnFailure?: StoredDestination;
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

/** As users set it: what they left out is absent. */
export type StoredEventInvokeConfig = Partial<Pick<EventInvokeConfig, 'MaximumRetryAttempts' | 'MaximumEventAgeInSeconds'>> &
  Omit<EventInvokeConfig, 'MaximumRetryAttempts' | 'MaximumEventAgeInSeconds'>;

/** Of a function, or of one of its versions or aliases. */
export interface EventInvokeConfigKey {
  accountId: string;
  functionName: string;
  /** `$LATEST`: what holds for all that have none of their own. */
  qualifier: string;
}

/** Every method throws STORE_UNAVAILABLE when the store does not answer. */
export interface EventInvokeConfigStore {
  get(key: EventInvokeConfigKey): Promise<StoredEventInvokeConfig | undefined>;
  /** All of one function, by qualifier. */
  ofFunction(accountId: string, functionName: string): Promise<Map<string, StoredEventInvokeConfig>>;
  put(key: EventInvokeConfigKey, config: StoredEventInvokeConfig): Promise<void>;
  /** @returns whether there was one */
  delete(key: EventInvokeConfigKey): Promise<boolean>;
}
