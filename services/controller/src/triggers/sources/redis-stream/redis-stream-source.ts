import type { Redis } from 'ioredis';
import { redisStreamConfigurationSchema } from '@easyfaas/contracts/schemas';
import type { RedisStreamConfiguration } from '@easyfaas/contracts/wire';
import type { Clock } from '@easyfaas/service-kit';
import { DEFAULT_FORMAT } from '../../messages/message-format';
import { MessagePump } from '../../messages/message-pump';
import { assertBatched, recordShape } from '../../messages/record-shape';
import type { SourceTrigger, TriggerDraft, TriggerPort, TriggerSource } from '../../source';
import { checkedConfiguration } from '../checked-configuration';
import { RedisStreamSupply } from './redis-stream-supply';

type Configuration = Required<Omit<RedisStreamConfiguration, 'SqsRecords'>> & Pick<RedisStreamConfiguration, 'SqsRecords'>;

/** Streams of the instance's Redis, each account its own: `<prefix>:stream:<account>:<name>`. */
export class RedisStreamSource implements TriggerSource<Configuration> {
  readonly kind = 'redis-stream';
  readonly placement = 'every-pod';
  readonly secretNames = [];
  readonly #deps: { redis: Redis; prefix: string; podId: string; clock: Clock };
  readonly #pumps = new Map<string, MessagePump>();

  constructor(deps: { redis: Redis; prefix: string; podId: string; clock: Clock }) {
    this.#deps = deps;
  }

  validate({ configuration, batch }: TriggerDraft): Configuration {
    const checked = checkedConfiguration(redisStreamConfigurationSchema, configuration);
    const {
      Stream,
      Group = 'easyfaas',
      StartingPosition = 'latest',
      Field = 'data',
      Format = DEFAULT_FORMAT,
      ClaimAfterSeconds = 30,
      SqsRecords,
    } = checked;
    assertBatched(SqsRecords, batch);
    const records = SqsRecords === undefined ? {} : { SqsRecords };
    return { Stream, Group, StartingPosition, Field, Format, ClaimAfterSeconds, ...records };
  }

  describe({ accountId, configuration }: Omit<SourceTrigger<Configuration>, 'secrets'>): Record<string, unknown> {
    return { Key: this.#key(accountId, configuration.Stream), Group: configuration.Group };
  }

  start(trigger: SourceTrigger<Configuration>, port: TriggerPort): void {
    const { accountId, triggerId, configuration } = trigger;
    const { redis, podId, clock } = this.#deps;
    const supply = new RedisStreamSupply({
      redis,
      key: this.#key(accountId, configuration.Stream),
      group: configuration.Group,
      consumer: podId,
      field: configuration.Field,
      startsAt: configuration.StartingPosition,
      claimAfterMs: configuration.ClaimAfterSeconds * 1000,
      monotonicMs: () => clock.monotonicMs(),
    });
    this.#pumps.set(
      triggerId,
      new MessagePump({
        trigger,
        port,
        supply,
        format: configuration.Format,
        shape: recordShape('easyfaas:redis-stream', configuration.SqsRecords),
        clock,
      }),
    );
  }

  async stop(triggerId: string): Promise<void> {
    const pump = this.#pumps.get(triggerId);
    this.#pumps.delete(triggerId);
    await pump?.stop();
  }

  #key(accountId: string, stream: string): string {
    return `${this.#deps.prefix}:stream:${accountId}:${stream}`;
  }
}
