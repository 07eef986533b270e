import { queueConfigurationSchema } from '@easyfaas/contracts/schemas';
import type { QueueConfiguration } from '@easyfaas/contracts/wire';
import { queuesPrefix } from '../../../async/queues-prefix';
import type { Clock } from '@easyfaas/service-kit';
import { DEFAULT_FORMAT } from '../../messages/message-format';
import { MessagePump } from '../../messages/message-pump';
import { assertBatched, recordShape } from '../../messages/record-shape';
import type { MessageSupply } from '../../messages/message-supply';
import type { SourceTrigger, TriggerDraft, TriggerPort, TriggerSource } from '../../source';
import { checkedConfiguration } from '../checked-configuration';

type Configuration = Required<Omit<QueueConfiguration, 'SqsRecords'>> & Pick<QueueConfiguration, 'SqsRecords'>;

export interface QueueSourceDeps {
  clock: Clock;
  prefix: string;
  /** Opens a queue. */
  openQueue: (options: { prefix: string; queue: string; port: TriggerPort }) => MessageSupply;
}

/** BullMQ queues that other programs add to, each account its own: under the prefix `<prefix>:queues:<account>`. */
export class QueueSource implements TriggerSource<Configuration> {
  readonly kind = 'queue';
  readonly placement = 'every-pod';
  readonly secretNames = [];
  readonly #deps: QueueSourceDeps;
  readonly #pumps = new Map<string, MessagePump>();

  constructor(deps: QueueSourceDeps) {
    this.#deps = deps;
  }

  validate({ configuration, batch }: TriggerDraft): Configuration {
    const { Queue, Format = DEFAULT_FORMAT, SqsRecords } = checkedConfiguration(queueConfigurationSchema, configuration);
    assertBatched(SqsRecords, batch);
    return { Queue, Format, ...(SqsRecords === undefined ? {} : { SqsRecords }) };
  }

  describe({ accountId, configuration }: Omit<SourceTrigger<Configuration>, 'secrets'>): Record<string, unknown> {
    return { Queue: configuration.Queue, Prefix: this.#prefix(accountId) };
  }

  start(trigger: SourceTrigger<Configuration>, port: TriggerPort): void {
    const { accountId, triggerId, configuration } = trigger;
    const supply = this.#deps.openQueue({ prefix: this.#prefix(accountId), queue: configuration.Queue, port });
    const { clock } = this.#deps;
    this.#pumps.set(
      triggerId,
      new MessagePump({
        trigger,
        port,
        supply,
        format: configuration.Format,
        shape: recordShape('easyfaas:queue', configuration.SqsRecords),
        clock,
      }),
    );
  }

  async stop(triggerId: string): Promise<void> {
    const pump = this.#pumps.get(triggerId);
    this.#pumps.delete(triggerId);
    await pump?.stop();
  }

  #prefix(accountId: string): string {
    return queuesPrefix(this.#deps.prefix, accountId);
  }
}
