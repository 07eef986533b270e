import type { Clock } from '@easyfaas/service-kit';

/** A burst is seen by the short memory at once, a steady trickle by the long one; the larger rate counts. Seconds. */
const MEMORIES_S = [10, 60] as const;

interface Rate {
  /** Events, each counting less the longer it is ago, per memory. */
  readonly weights: number[];
  atMs: number;
}

/** How often cold containers of each kind are asked for: a rate that grows with each event and decays by itself. */
export class DemandEstimate {
  readonly #clock: Clock;
  readonly #rates = new Map<string, Rate>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A cold container was taken, or was not there when it was wanted. */
  note(shelf: string): void {
    const rate = this.#decayed(shelf);
    for (let index = 0; index < MEMORIES_S.length; index++) rate.weights[index] = (rate.weights[index] ?? 0) + 1;
    this.#rates.set(shelf, rate);
  }

  /** Events per second lately. */
  perSecond(shelf: string): number {
    const { weights } = this.#decayed(shelf);
    return Math.max(...MEMORIES_S.map((seconds, index) => (weights[index] ?? 0) / seconds));
  }

  #decayed(shelf: string): Rate {
    const nowMs = this.#clock.monotonicMs();
    const rate = this.#rates.get(shelf) ?? { weights: MEMORIES_S.map(() => 0), atMs: nowMs };
    const passedS = (nowMs - rate.atMs) / 1000;
    return { weights: rate.weights.map((weight, index) => weight * Math.exp(-passedS / (MEMORIES_S[index] ?? 1))), atMs: nowMs };
  }
}
