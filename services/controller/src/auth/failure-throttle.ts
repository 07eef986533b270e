import type { Clock } from '@easyfaas/service-kit';

export interface FailureThrottleOptions {
  clock: Clock;
  /** Failures allowed per source within the window. */
  limit: number;
  windowMs: number;
  /** Sources remembered; the one seen first goes first. */
  capacity: number;
}

/** Counts wrong keys per source in fixed windows that start with a source's first failure. */
export class FailureThrottle {
  readonly #options: FailureThrottleOptions;
  readonly #bySource = new Map<string, { count: number; endsAtMs: number }>();

  constructor(options: FailureThrottleOptions) {
    this.#options = options;
  }

  /** Milliseconds until the source may try again; 0 when it may now. */
  waitMs(source: string): number {
    const window = this.#bySource.get(source);
    if (window === undefined || window.count < this.#options.limit) return 0;
    return Math.max(0, window.endsAtMs - this.#options.clock.monotonicMs());
  }

  recordFailure(source: string): void {
    const nowMs = this.#options.clock.monotonicMs();
    const window = this.#bySource.get(source);
    if (window !== undefined && window.endsAtMs > nowMs) {
      window.count += 1;
      return;
    }
    this.#bySource.delete(source);
    if (this.#bySource.size >= this.#options.capacity) {
      const oldest = this.#bySource.keys().next();
      if (oldest.done !== true) this.#bySource.delete(oldest.value);
    }
    this.#bySource.set(source, { count: 1, endsAtMs: nowMs + this.#options.windowMs });
  }
}
