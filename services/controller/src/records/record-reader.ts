import type { InvocationRecord } from '@easyfaas/contracts/wire';

export interface RecordQuery {
  functionName?: string;
  status?: InvocationRecord['status'];
  /** Only calls that started at or after this, milliseconds since the epoch. */
  sinceMs?: number;
  /** The `nextMarker` of the page before. */
  marker?: string;
  /** 0: no records, only the marker at which they begin, if there are any. */
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
  /**
   * Records that were written after a position, oldest first, and the position to go on from.
   * @param position of an earlier answer; undefined: none, only where the end is now
   */
  after(accountId: string, position: string | undefined): Promise<{ records: InvocationRecord[]; position: string }>;
  /** @returns undefined when no record is kept */
  find(accountId: string, requestId: string): Promise<InvocationRecord | undefined>;
}
