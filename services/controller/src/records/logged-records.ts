import type { InvocationRecord } from '@easyfaas/contracts/wire';
import type { Clock, Logger } from '@easyfaas/service-kit';
import type { RecordSink } from '../invoke/record-sink';

export interface LoggedRecordsOptions {
  records: RecordSink;
  logger: Logger;
  clock: Clock;
  /** One of so many successes of warm calls is logged; Infinity: none of them. */
  oneOf: number;
}

/** A line costs some 50 us: this is the most that a flood of failures gets, half a percent of a core; the next line says how many had none. */
const LINES_PER_S = 100;

/** Every record is one line in the log, but for most of the calls that went as they should. What functions say is left out. */
export class LoggedRecords implements RecordSink {
  readonly #options: LoggedRecordsOptions;
  #successes = 0;
  #secondMs = -Infinity;
  #lines = 0;
  #leftOut = 0;

  constructor(options: LoggedRecordsOptions) {
    this.#options = options;
  }

  add(record: InvocationRecord): void {
    this.#options.records.add(record);
    if (record.status === 'succeeded' && record.start !== 'cold') this.#noteSuccess(record);
    else this.#log(record, 1);
  }

  #noteSuccess(record: InvocationRecord): void {
    const { oneOf } = this.#options;
    if (++this.#successes < oneOf) return;
    this.#successes = 0;
    this.#log(record, oneOf);
  }

  /** @param standsFor how many calls like it there were, about */
  #log(record: InvocationRecord, standsFor: number): void {
    const { logger, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#secondMs >= 1000) {
      this.#secondMs = nowMs;
      this.#lines = 0;
    }
    if (++this.#lines > LINES_PER_S) {
      this.#leftOut++;
      return;
    }
    logger.info('call', { ...factsOf(record), standsFor, ...(this.#leftOut === 0 ? {} : { linesLeftOut: this.#leftOut }) });
    this.#leftOut = 0;
  }
}

/** Without what comes out of a function: that is in the record, which only its account can read. */
function factsOf({ logTail, errorMessage, ...facts }: InvocationRecord): Record<string, unknown> {
  void logTail;
  return facts.status === 'failed' || errorMessage === undefined ? facts : { ...facts, errorMessage };
}
