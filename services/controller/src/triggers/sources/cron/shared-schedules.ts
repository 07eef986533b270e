import type { Schedule } from './schedule';

/** Schedules of different words that are remembered; beyond it all are read anew. */
const REMEMBERED = 5000;

/**
 * Finding a tick takes a third of a millisecond of the event loop. Triggers with the same words share a schedule, and a schedule knows its last answers: of
 * ten thousand that are due in the same second, one looks.
 */
export class SharedSchedules {
  readonly #byWords = new Map<string, Schedule>();

  /** @param read makes the schedule that the words stand for @throws what `read` throws */
  of(words: string, read: () => Schedule): Schedule {
    let schedule = this.#byWords.get(words);
    if (schedule === undefined) {
      schedule = remembering(read());
      if (this.#byWords.size >= REMEMBERED) this.#byWords.clear();
      this.#byWords.set(words, schedule);
    }
    return schedule;
  }
}

/** Answers that a schedule remembers: the next ticks that a trigger's view shows, and those of triggers that are late. */
const ANSWERS = 16;

/** A schedule has no tick between a time that was asked for and its answer, so any time between them has the same answer. */
export function remembering(schedule: Schedule): Schedule {
  const answers: { fromMs: number; tickMs: number | undefined }[] = [];
  let oldest = 0;
  return {
    nextAfterMs: (timeMs) => {
      const known = answers.find(({ fromMs, tickMs }) => timeMs >= fromMs && (tickMs === undefined || timeMs < tickMs));
      if (known !== undefined) return known.tickMs;
      const tickMs = schedule.nextAfterMs(timeMs);
      answers[oldest] = { fromMs: timeMs, tickMs };
      oldest = (oldest + 1) % ANSWERS;
      return tickMs;
    },
  };
}
