import type { InvocationRecord } from '@easyfaas/contracts/wire';

/** Records of one account that are written as one entry. */
export interface RecordBatch {
  accountId: string;
  records: InvocationRecord[];
}

/**
 * Splits records into entries: one account each, few enough that a reader which takes some entries at a time stays small.
 * Pure.
 */
export function batchRecords(records: readonly InvocationRecord[], maxRecords: number): RecordBatch[] {
  const open = new Map<string, RecordBatch>();
  const batches: RecordBatch[] = [];
  for (const record of records) {
    let batch = open.get(record.accountId);
    if (batch === undefined || batch.records.length >= maxRecords) {
      batch = { accountId: record.accountId, records: [] };
      open.set(record.accountId, batch);
      batches.push(batch);
    }
    batch.records.push(record);
  }
  return batches;
}

/**
 * How many entries a stream may have so that it holds about `keptRecords`: entries hold many records under load and one
 * when it is quiet, so the mean of the latest ones decides. Pure.
 */
export function entriesFor(keptRecords: number, meanRecordsPerEntry: number): number {
  return Math.max(1, Math.ceil(keptRecords / Math.max(1, meanRecordsPerEntry)));
}
