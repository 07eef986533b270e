import type { ColdReason, InvocationRecord } from '@easyfaas/contracts/wire';
import { Counter, PlainHistogram, type Registry } from '@easyfaas/service-kit';

/** Seconds. A warm call takes well under a millisecond, a function at most 15 minutes. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 900];

const STATUSES = ['succeeded', 'failed', 'throttled', 'error'] as const satisfies InvocationRecord['status'][];

/**
 * Metrics of calls. The hot path adds to plain numbers; Prometheus's objects are brought up to date when they are read,
 * since one of their label look-ups costs about as much as all else that is written down about a call.
 */
export class InvokeMetrics {
  readonly #pending = { succeeded: 0, failed: 0, throttled: 0, error: 0 };
  readonly #coldStarts: Counter<'reason'>;
  readonly #durations: PlainHistogram;
  readonly #violations: Counter;
  readonly #streamed: Counter;
  readonly #streamedBytes: Counter;
  readonly #firstBytes: PlainHistogram;

  constructor(registry: Registry) {
    const pending = this.#pending;
    new Counter({
      name: 'easyfaas_invocations_total',
      help: 'Calls that have ended, by outcome.',
      labelNames: ['outcome'],
      registers: [registry],
      collect() {
        for (const status of STATUSES) {
          this.inc({ outcome: status }, pending[status]);
          pending[status] = 0;
        }
      },
    });
    this.#coldStarts = new Counter({
      name: 'easyfaas_cold_starts_total',
      help: 'Calls that waited for a container to be warmed up, by cause.',
      labelNames: ['reason'],
      registers: [registry],
    });
    this.#durations = new PlainHistogram({
      name: 'easyfaas_invocation_duration_seconds',
      help: 'From request read to answer, of calls that reached a container.',
      buckets: BUCKETS,
      registry,
    });
    this.#streamed = new Counter({
      name: 'easyfaas_streamed_answers_total',
      help: 'Calls that have ended and whose answers were streamed, complete or not.',
      registers: [registry],
    });
    this.#streamedBytes = new Counter({
      name: 'easyfaas_streamed_bytes_total',
      help: 'Bytes of streamed answers.',
      registers: [registry],
    });
    this.#firstBytes = new PlainHistogram({
      name: 'easyfaas_stream_first_byte_seconds',
      help: 'From request read to the first bytes of a streamed answer.',
      buckets: BUCKETS,
      registry,
    });
    this.#violations = new Counter({
      name: 'easyfaas_protocol_violations_total',
      help: 'Containers that were reset because something inside broke the protocol.',
      registers: [registry],
    });
  }

  #noteStream(firstByteMs: number, bytes: number): void {
    this.#streamed.inc();
    this.#streamedBytes.inc(bytes);
    this.#firstBytes.observe(firstByteMs / 1000);
  }

  note(record: InvocationRecord): void {
    const { status } = record;
    // Events have final states of their own, which are not those of a call.
    if (status !== 'expired' && status !== 'cancelled') this.#pending[status]++;
    if (record.start === undefined) return;
    this.#durations.observe(record.stages.totalMs / 1000);
    if (record.stages.firstByteMs !== undefined) this.#noteStream(record.stages.firstByteMs, record.resultBytes);
    if (record.start === 'cold') this.#coldStarts.inc({ reason: labelOf(record.coldReason) });
  }

  noteViolation(): void {
    this.#violations.inc();
  }
}

/** Without names: a label for each function that ever evicted another would have no end. */
function labelOf(reason: ColdReason = 'first call'): string {
  return reason.startsWith('evicted') ? 'evicted' : reason;
}
