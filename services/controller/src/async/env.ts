import { type EnvReader, readFailpoints } from '@easyfaas/service-kit';
import { EVENT_FAILPOINTS, type EventFailpoint } from './event-failpoints';

/** What an operator may set of events; see docs/operations.md. */
export interface AsyncSettings {
  /** Bytes of one payload. */
  payloadLimitBytes: number;
  /** Events of one function that have not ended. */
  openLimit: number;
  /** Replicas of Redis that must have an event before its client is told so. */
  replicas: number;
  /** Events that a pod runs at once. */
  concurrency: number;
  /** Containers' worth of events of one function that a pod runs at once. */
  containers: number;
  /** Bytes of a result that are kept. */
  resultLimitBytes: number;
  /** How long ended events and their results are kept, s. */
  keptS: number;
  /** How many per function. */
  keptCount: number;
  deadLettersKeptS: number;
  deadLettersKeptCount: number;
  /** Hosts and networks that destinations may be in although they are not public. */
  urlAllow: string[];
  /** For tests only. */
  failpoints: ReadonlyMap<EventFailpoint, number>;
}

export function readAsyncSettings(reader: EnvReader): AsyncSettings {
  return {
    payloadLimitBytes: reader.integer('EASYFAAS_ASYNC_PAYLOAD_KB', 256, { min: 1, max: 6144 }) * 1024,
    openLimit: reader.integer('EASYFAAS_ASYNC_QUEUE_MAX', 100_000, { min: 1, max: 10_000_000 }),
    replicas: reader.integer('EASYFAAS_ASYNC_REPLICAS', 0, { min: 0, max: 16 }),
    concurrency: reader.integer('EASYFAAS_ASYNC_CONCURRENCY', 256, { min: 1, max: 10_000 }),
    containers: reader.integer('EASYFAAS_ASYNC_CONTAINERS', 8, { min: 1, max: 1000 }),
    resultLimitBytes: reader.integer('EASYFAAS_ASYNC_RESULT_KB', 256, { min: 0, max: 6144 }) * 1024,
    keptS: reader.integer('EASYFAAS_ASYNC_KEPT_H', 24, { min: 1, max: 720 }) * 3600,
    keptCount: reader.integer('EASYFAAS_ASYNC_KEPT_MAX', 10_000, { min: 1, max: 1_000_000 }),
    deadLettersKeptS: reader.integer('EASYFAAS_DEAD_LETTERS_DAYS', 14, { min: 1, max: 365 }) * 86_400,
    deadLettersKeptCount: reader.integer('EASYFAAS_DEAD_LETTERS_MAX', 10_000, { min: 1, max: 1_000_000 }),
    urlAllow: reader.list('EASYFAAS_URL_ALLOW', []),
    failpoints: readFailpoints(reader, 'EASYFAAS_FAILPOINTS', {
      names: EVENT_FAILPOINTS,
      isUnsafe: reader.choice('EASYFAAS_UNSAFE', '0', ['0', '1']) === '1',
    }),
  };
}
