import type { Clock, Logger, Registry } from '@easyfaas/service-kit';
import type { ControllerConfig } from './config';
import type { RecordSink } from './invoke/record-sink';
import { LoggedRecords } from './records/logged-records';
import { createTraces } from './traces/create-traces';
import { RedisKeptPayloads, type RedisKeptPayloadsOptions } from './records/redis-kept-payloads';
import type { KeptPayloads } from './records/kept-payloads';
import type { Traces } from './traces/traces';

export interface CallWritingDeps {
  records: RecordSink;
  redis: RedisKeptPayloadsOptions['redis'];
  clock: Clock;
  logger: Logger;
  registry: Registry;
  podId: string | undefined;
}

/** Where what is known of a call that has ended goes: records, the log, traces. */
export interface CallWriting {
  records: RecordSink;
  traces: Traces;
  keptPayloads: KeptPayloads;
  stop: () => Promise<void>;
}

type Settings = Pick<ControllerConfig, 'callLogOneOf' | 'traces' | 'version' | 'keptPayloads' | 'redisPrefix'>;

export function createCallWriting(config: Settings, { records, redis, ...deps }: CallWritingDeps): CallWriting {
  const { callLogOneOf: oneOf, redisPrefix: prefix, keptPayloads: settings, version } = config;
  const { traces, stop } = createTraces(config.traces, { ...deps, version });
  const keptPayloads = new RedisKeptPayloads({ ...deps, redis, prefix, settings });
  return {
    records: oneOf === undefined ? records : new LoggedRecords({ ...deps, records, oneOf }),
    traces,
    keptPayloads,
    stop: async () => {
      await Promise.all([stop(), keptPayloads.flush()]);
    },
  };
}
