import type { EnvReader } from '@easyfaas/service-kit';

/** What an operator may set of payloads that are kept for replays; see docs/operations.md. */
export interface KeptPayloadSettings {
  /** Bytes of one payload. */
  limitBytes: number;
  /** Of one function; 0: none are kept, whatever functions say. */
  perFunction: number;
  keptS: number;
}

export function readKeptPayloadSettings(reader: EnvReader): KeptPayloadSettings {
  return {
    limitBytes: reader.integer('EASYFAAS_KEPT_PAYLOAD_KB', 64, { min: 1, max: 6144 }) * 1024,
    perFunction: reader.integer('EASYFAAS_KEPT_PAYLOADS_MAX', 1000, { min: 0, max: 1_000_000 }),
    keptS: reader.integer('EASYFAAS_KEPT_PAYLOADS_H', 24, { min: 1, max: 720 }) * 3600,
  };
}
