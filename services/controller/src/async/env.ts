import type { EnvReader } from '@easyfaas/service-kit';

/** What an operator may set of events; see docs/operations.md. */
export interface AsyncSettings {
  /** Bytes of one payload. */
  payloadLimitBytes: number;
  /** Events of one function that have not ended. */
  openLimit: number;
}

export function readAsyncSettings(reader: EnvReader): AsyncSettings {
  return {
    payloadLimitBytes: reader.integer('EASYFAAS_ASYNC_PAYLOAD_KB', 256, { min: 1, max: 6144 }) * 1024,
    openLimit: reader.integer('EASYFAAS_ASYNC_QUEUE_MAX', 100_000, { min: 1, max: 10_000_000 }),
  };
}
