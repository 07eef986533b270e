import type { InvocationRecord } from '@easyfaas/contracts/wire';

/** Takes a record of every call. MUST return at once: what is slow happens later, in batches, off the path. */
export interface RecordSink {
  add(record: InvocationRecord): void;
}
