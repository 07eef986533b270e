import type { Clock, Logger } from '@easyfaas/service-kit';
import { Counter, type Registry } from '@easyfaas/service-kit';
import { otlpRequest } from './otlp-span';

/** What became of a request to the collector. @throws Error when there was no answer */
export type PostSpans = (body: string) => Promise<number>;

export interface SpanExporterOptions {
  post: PostSpans;
  resource: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  logger: Logger;
  registry: Registry;
}

/** As OpenTelemetry's own batch processor has them. */
const QUEUE_MAX = 2048;
const BATCH_MAX = 512;
const FLUSH_MS = 1000;
/** After the collector did not take a batch: doubled up to this. */
const PAUSE_MAX_MS = 30_000;
/** OTLP/HTTP: with these the same batch may be sent again. */
const RETRYABLE = new Set([429, 502, 503, 504]);

/**
 * Spans on their way to a collector: as text, a bounded number of them, one request at a time. Nothing waits for it; what does not fit
 * is dropped and counted.
 */
export class SpanExporter {
  readonly #options: SpanExporterOptions;
  readonly #exported: Counter;
  readonly #dropped: Counter;
  #waiting: string[] = [];
  #sending: Promise<void> | undefined;
  #isScheduled = false;
  #pauseMs = 0;

  constructor(options: SpanExporterOptions) {
    this.#options = options;
    const registers = [options.registry];
    this.#exported = new Counter({ name: 'easyfaas_spans_exported_total', help: 'Spans that the collector took.', registers });
    this.#dropped = new Counter({
      name: 'easyfaas_spans_dropped_total',
      help: 'Spans that the collector did not take, or not fast enough.',
      registers,
    });
  }

  add(span: string): void {
    if (this.#waiting.length >= QUEUE_MAX) return this.#dropped.inc();
    this.#waiting.push(span);
    if (this.#waiting.length === BATCH_MAX && this.#pauseMs === 0) void this.#send();
    else this.#schedule(Math.max(FLUSH_MS, this.#pauseMs));
  }

  /** Sends what there is, once, after what is on its way; for the end of the service. */
  async stop(): Promise<void> {
    if (this.#sending !== undefined) await this.#sending;
    while (this.#waiting.length > 0 && this.#pauseMs === 0) await this.#send();
  }

  #schedule(delayMs: number): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#options.clock.after(delayMs, () => {
      this.#isScheduled = false;
      void this.#send();
    });
  }

  async #send(): Promise<void> {
    if (this.#waiting.length === 0) return;
    this.#sending ??= this.#sendBatch().finally(() => {
      this.#sending = undefined;
    });
    await this.#sending;
  }

  async #sendBatch(): Promise<void> {
    const batch = this.#waiting.slice(0, BATCH_MAX);
    this.#waiting = this.#waiting.slice(BATCH_MAX);
    try {
      this.#note(batch, await this.#options.post(otlpRequest(batch, this.#options.resource)));
    } catch (error) {
      this.#failed(batch, true, { error });
    }
    if (this.#waiting.length > 0) this.#schedule(this.#pauseMs);
  }

  #note(batch: readonly string[], status: number): void {
    if (status < 200 || status > 299) return this.#failed(batch, RETRYABLE.has(status), { status });
    if (this.#pauseMs > 0) this.#options.logger.info('spans are exported again');
    this.#pauseMs = 0;
    this.#exported.inc(batch.length);
  }

  #failed(batch: readonly string[], isRetryable: boolean, fields: Record<string, unknown>): void {
    if (this.#pauseMs === 0) this.#options.logger.warn('spans could not be exported', fields);
    this.#pauseMs = Math.min(PAUSE_MAX_MS, Math.max(FLUSH_MS, this.#pauseMs * 2));
    const room = isRetryable ? QUEUE_MAX - this.#waiting.length : 0;
    this.#dropped.inc(Math.max(0, batch.length - room));
    this.#waiting = [...batch.slice(Math.max(0, batch.length - room)), ...this.#waiting];
  }
}
