import type { InvocationRecord } from '@easyfaas/contracts/wire';

export interface RecordQuery {
  functionName?: string;
  status?: InvocationRecord['status'];
  /** Only calls that started at or after this, milliseconds since the epoch. */
  sinceMs?: number;
  /** The `nextMarker` of the page before. */
  marker?: string;
  limit: number;
}

export interface RecordPage {
  /** Newest first. */
  records: InvocationRecord[];
  /** Present when there may be more. */
  nextMarker?: string;
}

/** Reads what the RecordSink took; always of one account only. */
export interface RecordReader {
  /** @throws ServiceError STORE_UNAVAILABLE, VALIDATION_FAILED (a marker that was not given out) */
  list(accountId: string, query: RecordQuery): Promise<RecordPage>;
  /** @returns undefined when no record is kept */
  find(accountId: string, requestId: string): Promise<InvocationRecord | undefined>;
}
