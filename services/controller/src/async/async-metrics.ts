import { Counter, Gauge, PlainHistogram, type Registry } from '@easyfaas/service-kit';
import type { EventStatus } from './event-state';

/** Figures about events; named and explained in docs/operations.md. */
export class AsyncMetrics {
  readonly #accepted: Counter;
  readonly #ended: Counter<'status'>;
  readonly #lost: Counter;
  readonly #stale: Counter;
  readonly #deliveries: Counter<'outcome'>;
  readonly #wait: PlainHistogram;
  readonly #drift: Gauge;
  readonly #queued: Gauge<'state'>;
  readonly #restarts: Counter;
  #countRunning: () => number = () => 0;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#accepted = new Counter({ name: 'easyfaas_events_accepted_total', help: 'Events accepted by this pod.', registers });
    this.#ended = new Counter({
      name: 'easyfaas_events_ended_total',
      help: 'Events that ended in this pod.',
      labelNames: ['status'],
      registers,
    });
    this.#lost = new Counter({
      name: 'easyfaas_duplicate_executions_total',
      help: 'Events run again because whoever ran them was lost.',
      registers,
    });
    this.#stale = new Counter({
      name: 'easyfaas_event_results_refused_total',
      help: 'Results not taken: the event was with another worker by then.',
      registers,
    });
    this.#deliveries = new Counter({
      name: 'easyfaas_deliveries_total',
      help: 'Tries to deliver to a destination.',
      labelNames: ['outcome'],
      registers,
    });
    this.#wait = new PlainHistogram({
      name: 'easyfaas_event_wait_seconds',
      help: 'From the acceptance of an event to its first start.',
      buckets: [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 600, 3600],
      registry,
    });
    this.#drift = new Gauge({
      name: 'easyfaas_queue_conservation_drift',
      help: 'Accepted events minus those that wait, are delayed, run or have ended. Anything but 0 is a fault.',
      registers,
    });
    this.#queued = new Gauge({
      name: 'easyfaas_queue_events',
      help: 'Events in the queues of all functions, of all pods.',
      labelNames: ['state'],
      registers,
    });
    const running = (): number => this.#countRunning();
    new Gauge({
      name: 'easyfaas_events_running',
      help: 'Events that this pod runs.',
      registers,
      collect() {
        this.set(running());
      },
    });
    this.#restarts = new Counter({
      name: 'easyfaas_event_consumer_restarts_total',
      help: 'Times that a function whose events were not taken was started anew by the watchdog.',
      registers,
    });
  }

  noteAccepted(): void {
    this.#accepted.inc();
  }

  /** @param waitMs since the event could have been run; @param attempt tries before this one */
  noteStart(waitMs: number, attempt: number): void {
    if (attempt === 0) this.#wait.observe(Math.max(0, waitMs) / 1000);
  }

  noteEnded(status: EventStatus): void {
    this.#ended.inc({ status });
  }

  noteWorkerLost(): void {
    this.#lost.inc();
  }

  noteStale(): void {
    this.#stale.inc();
  }

  noteDelivery(outcome: 'delivered' | 'repeated' | 'failed'): void {
    this.#deliveries.inc({ outcome });
  }

  /** Asked when somebody reads the figures. */
  countRunning(count: () => number): void {
    this.#countRunning = count;
  }

  noteRestart(): void {
    this.#restarts.inc();
  }

  noteQueues({ waiting, delayed, running, drift }: { waiting: number; delayed: number; running: number; drift: number }): void {
    this.#queued.set({ state: 'waiting' }, waiting);
    this.#queued.set({ state: 'delayed' }, delayed);
    this.#queued.set({ state: 'running' }, running);
    this.#drift.set(drift);
  }
}
