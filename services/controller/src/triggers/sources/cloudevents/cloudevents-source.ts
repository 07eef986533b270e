import { cloudEventsConfigurationSchema } from '@easyfaas/contracts/schemas';
import type { CloudEventsConfiguration } from '@easyfaas/contracts/wire';
import { invalidField } from '../../../invalid-field';
import type { SourceTrigger, TriggerDraft, TriggerSource } from '../../source';
import { checkedConfiguration } from '../checked-configuration';

/** CloudEvents over HTTP; cloudevents-front.ts takes them. */
export class CloudEventsSource implements TriggerSource<Required<CloudEventsConfiguration>> {
  readonly kind = 'cloudevents';
  readonly placement = 'on-request';
  readonly secretNames = ['HmacSecret'];

  validate({ configuration, secretNames }: TriggerDraft): Required<CloudEventsConfiguration> {
    const checked = checkedConfiguration(cloudEventsConfigurationSchema, configuration);
    const { Auth = 'key', AllowedOrigins = [], RateLimit = { RequestsPerSecond: 50, Burst: 100 } } = checked;
    if (Auth === 'hmac' && !secretNames.includes('HmacSecret')) {
      throw invalidField('Secrets.HmacSecret', 'Secrets.HmacSecret is needed with the Auth "hmac": senders sign with it.');
    }
    return { Auth, AllowedOrigins, RateLimit };
  }

  describe({
    accountId,
    triggerId,
    configuration,
  }: Omit<SourceTrigger<Required<CloudEventsConfiguration>>, 'secrets'>): Record<string, unknown> {
    return { Url: `/cloudevents/${accountId}/${triggerId}`, Auth: configuration.Auth };
  }

  start(): void {
    throw new Error('A cloudevents trigger is not started.');
  }

  stop(): void {
    throw new Error('A cloudevents trigger is not stopped.');
  }
}
