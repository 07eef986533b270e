import type { Clock } from '@easyfaas/service-kit';

/** Something that has to be over at a certain time. */
export interface Timed {
  /** On the monotonic clock, milliseconds; Infinity while no deadline runs. */
  readonly deadlineMs: number;
  onDeadline(): void;
}

export interface DeadlineSweepDeps {
  clock: Clock;
  /** Shows everything that may have a deadline. */
  visitAll: (visit: (item: Timed) => void) => void;
  /** Whether there is anything to look at. */
  isBusy: () => boolean;
}

/** How late a deadline may be noticed, ms. */
const SWEEP_MS = 15;

/**
 * Watches the deadlines of everything in flight with one timer. A timer per call costs several allocations on every warm
 * call to guard against something that hardly ever happens; a look at each call every 15 ms costs nothing measurable.
 */
export class DeadlineSweep {
  readonly #deps: DeadlineSweepDeps;
  #isTimerSet = false;

  constructor(deps: DeadlineSweepDeps) {
    this.#deps = deps;
  }

  /** Something with a deadline has come. */
  wake(): void {
    if (this.#isTimerSet) return;
    this.#isTimerSet = true;
    this.#deps.clock.after(SWEEP_MS, () => {
      this.#isTimerSet = false;
      this.#sweep();
      if (this.#deps.isBusy()) this.wake();
    });
  }

  #sweep(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    const due: Timed[] = [];
    this.#deps.visitAll((item) => {
      if (item.deadlineMs <= nowMs) due.push(item);
    });
    // One that is over may end others with it: each is asked again.
    for (const item of due) if (item.deadlineMs <= nowMs) item.onDeadline();
  }
}
