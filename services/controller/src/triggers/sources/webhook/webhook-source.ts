import { webhookConfigurationSchema } from '@easyfaas/contracts/schemas';
import type { WebhookConfiguration } from '@easyfaas/contracts/wire';
import { invalidField } from '../../../invalid-field';
import type { SourceTrigger, TriggerDraft, TriggerSource } from '../../source';
import { checkedConfiguration } from '../checked-configuration';

/** Signed deliveries of other services; webhook-front.ts takes them. */
export class WebhookSource implements TriggerSource<Required<WebhookConfiguration>> {
  readonly kind = 'webhook';
  readonly placement = 'on-request';
  readonly secretNames = ['SigningSecret'];

  validate({ configuration, secretNames }: TriggerDraft): Required<WebhookConfiguration> {
    const { Scheme, RateLimit = { RequestsPerSecond: 50, Burst: 100 } } = checkedConfiguration(webhookConfigurationSchema, configuration);
    if (!secretNames.includes('SigningSecret')) {
      throw invalidField('Secrets.SigningSecret', 'Secrets.SigningSecret is needed: the secret that the sender signs with.');
    }
    return { Scheme, RateLimit };
  }

  describe({ accountId, triggerId }: Omit<SourceTrigger<Required<WebhookConfiguration>>, 'secrets'>): Record<string, unknown> {
    return { Url: `/webhooks/${accountId}/${triggerId}` };
  }

  start(): void {
    throw new Error('A webhook trigger is not started.');
  }

  stop(): void {
    throw new Error('A webhook trigger is not stopped.');
  }
}
