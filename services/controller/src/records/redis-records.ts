import type { Redis } from 'ioredis';
import type { InvocationRecord } from '@easyfaas/contracts/wire';
import { ServiceError, type Clock, type Logger } from '@easyfaas/service-kit';
import type { RecordSink } from '../invoke/record-sink';
import { redisCall } from '../redis-connection';
import { RecordEntries, type RecordEntry, entriesFor } from './record-entries';
import { EARLIEST, LATEST_POSITION, formatPosition, parsePosition, type RecordPosition } from './record-position';
import type { RecordPage, RecordQuery, RecordReader } from './record-reader';

export interface RedisRecordsOptions {
  redis: Redis;
  prefix: string;
  clock: Clock;
  logger: Logger;
  /** Told of records that were dropped because Redis did not take them in time. */
  onDropped: (count: number) => void;
}

const FLUSH_MS = 50;
/** Records waiting for Redis; beyond it the oldest are dropped and counted. */
const BUFFER_RECORDS = 5000;
/** Found by their id without asking Redis. */
const RING_RECORDS = 1000;
/** Kept per account in Redis, about. */
const KEPT_RECORDS = 10_000;
const RECORDS_PER_ENTRY = 100;
/** Entries read at a time, and records looked at per request at most. */
const ENTRIES_PER_READ = 20;
const SCANNED_RECORDS = 20_000;
/** Weight of the latest entry in the mean of records per entry. */
const MEAN_WEIGHT = 0.05;

/**
 * Records in a stream per account, `<prefix>:records:<account>`: each entry is a JSON array of the records of some
 * milliseconds. One entry for many records because a command per record would cost more than the call it tells of.
 */
export class RedisRecords implements RecordSink, RecordReader {
  readonly #options: RedisRecordsOptions;
  readonly #entries = new RecordEntries({ perEntry: RECORDS_PER_ENTRY, remembered: RING_RECORDS });
  #isScheduled = false;
  #flushing: Promise<void> | undefined;
  #meanPerEntry = 1;
  #isFailing = false;

  constructor(options: RedisRecordsOptions) {
    this.#options = options;
  }

  add(record: InvocationRecord): void {
    this.#entries.add(record);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#options.clock.after(FLUSH_MS, () => {
      this.#isScheduled = false;
      void this.flush();
    });
  }

  /** Writes what is waiting. Never rejects: what Redis does not take waits for the next time, or is dropped and counted. */
  async flush(): Promise<void> {
    // One that is under way may have begun before the newest record came: what came since goes in a write of its own.
    await this.#flushing;
    this.#flushing ??= this.#flushAll().finally(() => {
      this.#flushing = undefined;
    });
    await this.#flushing;
  }

  async list(accountId: string, query: RecordQuery): Promise<RecordPage> {
    await this.flush();
    const from = query.marker === undefined ? LATEST_POSITION : parsePosition(query.marker);
    const records: InvocationRecord[] = [];
    let scanned = 0;
    for await (const { record, position } of this.#newestFirst(accountId, from, query.sinceMs)) {
      if (records.length === query.limit || scanned === SCANNED_RECORDS) return { records, nextMarker: formatPosition(position) };
      scanned += 1;
      if (isWanted(record, query)) records.push(record);
    }
    return { records };
  }

  async after(accountId: string, position: string | undefined): Promise<{ records: InvocationRecord[]; position: string }> {
    const { redis } = this.#options;
    if (position === undefined) {
      await this.flush();
      const newest = await redisCall(() => redis.xrevrange(this.#key(accountId), '+', '-', 'COUNT', 1));
      return { records: [], position: newest[0]?.[0] ?? '0-0' };
    }
    const entries = await redisCall(() => redis.xrange(this.#key(accountId), `(${position}`, '+', 'COUNT', ENTRIES_PER_READ));
    return { records: entries.flatMap(([, fields]) => recordsOf(fields)), position: entries.at(-1)?.[0] ?? position };
  }

  async find(accountId: string, requestId: string): Promise<InvocationRecord | undefined> {
    const recent = this.#entries.find(accountId, requestId);
    if (recent !== undefined) return recent;
    for await (const { record } of this.#newestFirst(accountId, LATEST_POSITION, undefined)) {
      if (record.requestId === requestId) return record;
    }
    return undefined;
  }

  /** From a position (inclusive) backwards in time. */
  async *#newestFirst(
    accountId: string,
    from: RecordPosition,
    sinceMs: number | undefined,
  ): AsyncGenerator<{ record: InvocationRecord; position: RecordPosition }> {
    const earliest = sinceMs === undefined ? EARLIEST : String(sinceMs);
    let end = from.entryId;
    let first = from;
    for (;;) {
      const start = end;
      const entries = await redisCall(() =>
        this.#options.redis.xrevrange(this.#key(accountId), start, earliest, 'COUNT', ENTRIES_PER_READ),
      );
      for (const [entryId, fields] of entries) {
        const records = recordsOf(fields);
        // Within an entry the newest is last; a page may have ended in the middle of it.
        const last = entryId === first.entryId ? Math.min(first.index, records.length - 1) : records.length - 1;
        for (let index = last; index >= 0; index -= 1) {
          const record = records[index];
          if (record !== undefined) yield { record, position: { entryId, index } };
        }
      }
      const oldest = entries.at(-1)?.[0];
      if (entries.length < ENTRIES_PER_READ || oldest === undefined) return;
      end = `(${oldest}`;
      first = LATEST_POSITION;
    }
  }

  async #flushAll(): Promise<void> {
    const taken = this.#entries.take();
    if (taken.length === 0) return;
    try {
      await this.#write(taken);
      if (this.#isFailing) this.#options.logger.info('records are written again');
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#options.logger.warn('records could not be written', { error });
      this.#isFailing = true;
      this.#keepForLater(taken);
    }
  }

  async #write(entries: readonly RecordEntry[]): Promise<void> {
    const pipeline = this.#options.redis.pipeline();
    for (const { accountId, count, bytes } of entries) {
      this.#meanPerEntry += (count - this.#meanPerEntry) * MEAN_WEIGHT;
      const kept = entriesFor(KEPT_RECORDS, this.#meanPerEntry);
      pipeline.xadd(this.#key(accountId), 'MAXLEN', '~', kept, '*', 'r', bytes);
    }
    const results = await redisCall(() => pipeline.exec());
    const failed = results?.find(([error]) => error !== null)?.[0];
    if (failed !== null && failed !== undefined)
      throw new ServiceError('STORE_UNAVAILABLE', 'Redis did not take the records.', { cause: failed });
  }

  #keepForLater(entries: readonly RecordEntry[]): void {
    const dropped = this.#entries.putBack(entries, BUFFER_RECORDS);
    if (dropped > 0) this.#options.onDropped(dropped);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#options.clock.after(FLUSH_MS * 10, () => {
      this.#isScheduled = false;
      void this.flush();
    });
  }

  #key(accountId: string): string {
    return `${this.#options.prefix}:records:${accountId}`;
  }
}

function recordsOf(fields: string[]): InvocationRecord[] {
  const at = fields.indexOf('r');
  return at === -1 ? [] : (JSON.parse(fields[at + 1] ?? '[]') as InvocationRecord[]);
}

function isWanted(record: InvocationRecord, { functionName, status, sinceMs }: RecordQuery): boolean {
  return (
    (functionName === undefined || record.functionName === functionName) &&
    (status === undefined || record.status === status) &&
    (sinceMs === undefined || Date.parse(record.startedAt) >= sinceMs)
  );
}
