import type { Clock } from '@easyfaas/service-kit';
import type { Call } from './call';
import { callRecord } from './call-record';
import type { InvokeMetrics } from './invoke-metrics';
import type { KeptPayloads } from '../records/kept-payloads';
import { IsoTime } from './iso-time';
import type { Outcome } from './outcome';
import type { RecordSink } from './record-sink';
import type { Traces } from '../traces/traces';
import { ThrottledRecords } from './throttled-records';

/** Writes down every call that has ended: a record, and the metrics. Runs after the caller was answered. */
export class CallJournal {
  readonly #records: RecordSink;
  readonly #traces: Pick<Traces, 'end'>;
  readonly #payloads: Pick<KeptPayloads, 'add'>;
  readonly #metrics: InvokeMetrics;
  readonly #clock: Clock;
  readonly #podId: string | undefined;
  readonly #isoTime = new IsoTime();
  readonly #throttled = new ThrottledRecords();

  constructor({
    records,
    traces,
    payloads,
    metrics,
    clock,
    podId,
  }: {
    records: RecordSink;
    traces: Pick<Traces, 'end'>;
    payloads: Pick<KeptPayloads, 'add'>;
    metrics: InvokeMetrics;
    clock: Clock;
    podId?: string | undefined;
  }) {
    this.#records = records;
    this.#traces = traces;
    this.#payloads = payloads;
    this.#metrics = metrics;
    this.#clock = clock;
    this.#podId = podId;
  }

  write(call: Call, outcome: Outcome, httpStatus: number): void {
    const startedAtMs = this.#clock.wallMs() - (call.settledAtMs - call.request.receivedAtMs);
    const record = callRecord(call, outcome, httpStatus, this.#isoTime.format(startedAtMs), this.#podId);
    this.#metrics.note(record);
    if (call.trace !== undefined) this.#traces.end(call.trace, record, startedAtMs);
    if (call.request.isRecorded === false) return;
    const kept = record.status === 'throttled' ? this.#throttled.admit(record, this.#clock.monotonicMs()) : record;
    if (kept === undefined) return;
    this.#records.add(kept);
    if (call.request.stored.configuration.KeepPayloads === true) this.#payloads.add(call.request);
  }
}
