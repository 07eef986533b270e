import type { InvocationRecord } from '@easyfaas/contracts/wire';
import { recordJson } from './record-json';

/** What is written as one entry of a stream: records of one account as the bytes of a JSON array, oldest first. */
export interface RecordEntry {
  accountId: string;
  count: number;
  bytes: Buffer;
}

export interface RecordEntriesOptions {
  /** Records per entry at most. */
  perEntry: number;
  /** Records that {@link RecordEntries.find} looks through, about. */
  remembered: number;
}

/** Bytes that an entry is given before it is closed; one record alone may have more. */
const ENTRY_BYTES = 64 * 1024;
/** UTF-8 needs at most three bytes for a UTF-16 code unit; two more for the comma and the bracket. */
const bytesMax = (json: string): number => json.length * 3 + 2;

/** An entry that is still being filled. Its memory is used again for the next one. */
interface OpenEntry {
  bytes: Buffer;
  used: number;
  count: number;
}

/**
 * Records on their way to the store, as bytes and not as objects: thousands of small objects that live for some
 * milliseconds are copied twice by the garbage collector, which at 15 000 calls a second costs more than writing them down.
 */
export class RecordEntries {
  readonly #options: RecordEntriesOptions;
  readonly #open = new Map<string, OpenEntry>();
  #closed: RecordEntry[] = [];
  readonly #recent: RecordEntry[] = [];
  #recentRecords = 0;

  constructor(options: RecordEntriesOptions) {
    this.#options = options;
  }

  add(record: InvocationRecord): void {
    const { accountId } = record;
    const json = recordJson(record);
    let open = this.#open.get(accountId);
    if (open !== undefined && open.count > 0 && open.used + bytesMax(json) > open.bytes.length) this.#close(accountId, open);
    if (open === undefined || bytesMax(json) > open.bytes.length) {
      open = { bytes: Buffer.allocUnsafeSlow(Math.max(ENTRY_BYTES, bytesMax(json))), used: 0, count: 0 };
      this.#open.set(accountId, open);
    }
    open.bytes[open.used++] = open.count === 0 ? OPENING : COMMA;
    open.used += open.bytes.write(json, open.used, 'utf8');
    open.count++;
    if (open.count >= this.#options.perEntry) this.#close(accountId, open);
  }

  /** All entries, also those that are not full, oldest first; they are not held any more except for {@link find}. */
  take(): RecordEntry[] {
    for (const [accountId, open] of this.#open) {
      // The memory of an account with little to write is not kept.
      if (open.count < this.#options.perEntry / 4) this.#open.delete(accountId);
      if (open.count > 0) this.#close(accountId, open);
    }
    const taken = this.#closed;
    this.#closed = [];
    return taken;
  }

  /**
   * Takes entries back that could not be written, in front of the others.
   * @returns how many records were dropped, the oldest first, so that no more than `limit` wait
   */
  putBack(entries: readonly RecordEntry[], limit: number): number {
    const waiting = [...entries, ...this.#closed];
    let surplus = waiting.reduce((sum, { count }) => sum + count, 0) - limit;
    let dropped = 0;
    while (surplus > 0) {
      const { count = 0 } = waiting.shift() ?? {};
      dropped += count;
      surplus -= count;
    }
    this.#closed = waiting;
    return dropped;
  }

  /** Among the records added last, written or not. */
  find(accountId: string, requestId: string): InvocationRecord | undefined {
    const open = this.#open.get(accountId);
    if (open !== undefined && open.count > 0) this.#close(accountId, open);
    for (let index = this.#recent.length - 1; index >= 0; index--) {
      const entry = this.#recent[index];
      if (entry?.accountId !== accountId || !entry.bytes.includes(requestId)) continue;
      const records = JSON.parse(entry.bytes.toString('utf8')) as InvocationRecord[];
      const found = records.find((record) => record.requestId === requestId);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #close(accountId: string, open: OpenEntry): void {
    open.bytes[open.used++] = CLOSING;
    const entry: RecordEntry = { accountId, count: open.count, bytes: Buffer.from(open.bytes.subarray(0, open.used)) };
    open.used = open.count = 0;
    this.#closed.push(entry);
    this.#recent.push(entry);
    this.#recentRecords += entry.count;
    while (this.#recentRecords - (this.#recent[0]?.count ?? 0) >= this.#options.remembered) {
      this.#recentRecords -= this.#recent.shift()?.count ?? 0;
    }
  }
}

const OPENING = 0x5b;
const CLOSING = 0x5d;
const COMMA = 0x2c;

/**
 * How many entries a stream may have so that it holds about `keptRecords`: entries hold many records under load and one
 * when it is quiet, so the mean of the latest ones decides. Pure.
 */
export function entriesFor(keptRecords: number, meanRecordsPerEntry: number): number {
  return Math.max(1, Math.ceil(keptRecords / Math.max(1, meanRecordsPerEntry)));
}
