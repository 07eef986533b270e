import type { EventInvokeConfigRequest } from '@easyfaas/contracts/wire';
import { type Clock, ServiceError } from '@easyfaas/service-kit';
import { parseDestination } from './destinations/destination';
import type { UrlRules } from './destinations/url-rules';
import { DEFAULT_EVENT_INVOKE_CONFIG, type EventInvokeConfig, type EventInvokeConfigStore } from './event-invoke-config';

export interface EventInvokeConfigServiceDeps {
  store: EventInvokeConfigStore;
  rules: UrlRules;
  region: string;
  clock: Clock;
  /** Makes a secret for signatures. */
  newSecret: () => string;
}

/** What is to be done with a function's events, as users set it. */
export class EventInvokeConfigService {
  readonly #deps: EventInvokeConfigServiceDeps;

  constructor(deps: EventInvokeConfigServiceDeps) {
    this.#deps = deps;
  }

  /** The defaults when nothing was set. @throws ServiceError STORE_UNAVAILABLE */
  async get(accountId: string, functionName: string): Promise<EventInvokeConfig> {
    return (await this.#deps.store.get(accountId, functionName)) ?? DEFAULT_EVENT_INVOKE_CONFIG;
  }

  /**
   * Replaces the whole; a secret that there is stays.
   * @param mayCall throws when whoever sets it may not call that function
   * @throws ServiceError VALIDATION_FAILED, INVALID_NAME, URL_NOT_ALLOWED, STORE_UNAVAILABLE
   */
  async put(
    accountId: string,
    functionName: string,
    request: EventInvokeConfigRequest,
    mayCall: (functionName: string) => void = () => undefined,
  ): Promise<EventInvokeConfig> {
    const { store, clock, newSecret } = this.#deps;
    const destinations = Object.values(request.DestinationConfig ?? {}).map(({ Destination }) =>
      this.#check(accountId, Destination, mayCall),
    );
    const known = await store.get(accountId, functionName);
    const secret = known?.SigningSecret ?? (destinations.includes('url') ? newSecret() : undefined);
    const config: EventInvokeConfig = {
      MaximumRetryAttempts: request.MaximumRetryAttempts ?? DEFAULT_EVENT_INVOKE_CONFIG.MaximumRetryAttempts,
      MaximumEventAgeInSeconds: request.MaximumEventAgeInSeconds ?? DEFAULT_EVENT_INVOKE_CONFIG.MaximumEventAgeInSeconds,
      DestinationConfig: request.DestinationConfig ?? {},
      ...(secret === undefined ? {} : { SigningSecret: secret }),
      LastModified: new Date(clock.wallMs()).toISOString(),
    };
    await store.put(accountId, functionName, config);
    return config;
  }

  async delete(accountId: string, functionName: string): Promise<void> {
    if (await this.#deps.store.delete(accountId, functionName)) return;
    throw new ServiceError('RECORD_NOT_FOUND', `${functionName} has no event-invoke configuration of its own.`);
  }

  #check(accountId: string, text: string, mayCall: (functionName: string) => void): string {
    const destination = parseDestination(text, { accountId, region: this.#deps.region }, this.#deps.rules);
    if (destination.kind === 'function') mayCall(destination.functionName);
    return destination.kind;
  }
}
