import type { Clock } from '@easyfaas/service-kit';

/** Something that has to be over at a certain time. */
export interface Timed {
  /** On the monotonic clock, milliseconds; Infinity while no deadline runs. May move while it is watched. */
  deadlineMs: number;
  onDeadline(): void;
}

/** How late a deadline may be noticed, ms. */
const SWEEP_MS = 15;

/**
 * Watches the deadlines of everything in flight with one timer. A timer per call costs several allocations on every warm
 * call to guard against something that hardly ever happens; a look at each call every 15 ms costs nothing measurable.
 */
export class DeadlineSweep {
  readonly #clock: Clock;
  readonly #watched = new Set<Timed>();
  #isTimerSet = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  watch(item: Timed): void {
    this.#watched.add(item);
    if (!this.#isTimerSet) this.#setTimer();
  }

  forget(item: Timed): void {
    this.#watched.delete(item);
  }

  get size(): number {
    return this.#watched.size;
  }

  #setTimer(): void {
    this.#isTimerSet = true;
    this.#clock.after(SWEEP_MS, () => {
      this.#isTimerSet = false;
      this.#sweep();
      if (this.#watched.size > 0) this.#setTimer();
    });
  }

  #sweep(): void {
    const nowMs = this.#clock.monotonicMs();
    const due = [...this.#watched].filter((item) => item.deadlineMs <= nowMs);
    for (const item of due) {
      // An earlier one may have settled this one too.
      if (!this.#watched.delete(item)) continue;
      item.onDeadline();
    }
  }
}
