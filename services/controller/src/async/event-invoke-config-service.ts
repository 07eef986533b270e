import type { DestinationRequest, EventInvokeConfigRequest } from '@easyfaas/contracts/wire';
import { type Clock, ServiceError } from '@easyfaas/service-kit';
import { invalidField } from '../invalid-field';
import type { SecretBox } from '../secrets/secret-box';
import { keptDestination } from './destinations/broker-login';
import { parseDestination } from './destinations/destination';
import type { UrlRules } from './destinations/url-rules';
import type { EventInvokeConfigKey, EventInvokeConfigStore, StoredEventInvokeConfig } from './event-invoke-config';

export interface EventInvokeConfigServiceDeps {
  store: EventInvokeConfigStore;
  rules: UrlRules;
  region: string;
  clock: Clock;
  /** Makes a secret for signatures. */
  newSecret: () => string;
  /** Passwords of brokers are kept sealed. */
  secretBox: Pick<SecretBox, 'seal'>;
}

/** What is to be done with a function's events, as users set it; every method throws STORE_UNAVAILABLE when Redis is away. */
export class EventInvokeConfigService {
  readonly #deps: EventInvokeConfigServiceDeps;

  constructor(deps: EventInvokeConfigServiceDeps) {
    this.#deps = deps;
  }

  /** What is set; undefined when nothing was. */
  find(key: EventInvokeConfigKey): Promise<StoredEventInvokeConfig | undefined> {
    return this.#deps.store.get(key);
  }

  /** All of one function, by qualifier. */
  ofFunction(accountId: string, functionName: string): Promise<Map<string, StoredEventInvokeConfig>> {
    return this.#deps.store.ofFunction(accountId, functionName);
  }

  /**
   * Replaces the whole; a secret that there is stays.
   * @param mayCall throws when whoever sets it may not call that function
   * @throws ServiceError VALIDATION_FAILED, INVALID_NAME, URL_NOT_ALLOWED, STORE_UNAVAILABLE
   */
  async put(
    key: EventInvokeConfigKey,
    request: EventInvokeConfigRequest,
    mayCall: (functionName: string) => void,
  ): Promise<StoredEventInvokeConfig> {
    const { store, clock, newSecret, secretBox } = this.#deps;
    const { MaximumRetryAttempts, MaximumEventAgeInSeconds, DestinationConfig = {} } = request;
    const destinations = Object.values(DestinationConfig).map((each) => this.#check(key.accountId, each, mayCall));
    const known = await store.get(key);
    const before = Object.values(known?.DestinationConfig ?? {});
    const kept = Object.entries(DestinationConfig).map(([side, each]) => [side, keptDestination(secretBox, key, each, before)]);
    const secret = known?.SigningSecret ?? (destinations.includes('url') ? newSecret() : undefined);
    const config: StoredEventInvokeConfig = {
      ...(MaximumRetryAttempts === undefined ? {} : { MaximumRetryAttempts }),
      ...(MaximumEventAgeInSeconds === undefined ? {} : { MaximumEventAgeInSeconds }),
      DestinationConfig: Object.fromEntries(kept) as StoredEventInvokeConfig['DestinationConfig'],
      ...(secret === undefined ? {} : { SigningSecret: secret }),
      LastModified: new Date(clock.wallMs()).toISOString(),
    };
    await store.put(key, config);
    return config;
  }

  /** @throws ServiceError RECORD_NOT_FOUND */
  async delete(key: EventInvokeConfigKey): Promise<void> {
    if (await this.#deps.store.delete(key)) return;
    throw new ServiceError('RECORD_NOT_FOUND', `${key.functionName} has no event-invoke configuration of its own.`);
  }

  #check(accountId: string, { Destination, Username }: DestinationRequest, mayCall: (functionName: string) => void): string {
    const destination = parseDestination(Destination, { accountId, region: this.#deps.region }, this.#deps.rules);
    if (Username !== undefined && destination.kind !== 'mqtt')
      throw invalidField('Username', 'Only a broker (mqtt:, mqtts:) takes a Username.');
    if (destination.kind === 'function') mayCall(destination.functionName);
    return destination.kind;
  }
}
