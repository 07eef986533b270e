import type { Clock } from '@easyfaas/service-kit';

const MINUTES = 60;
const MINUTE_MS = 60_000;

export interface StartShare {
  calls: number;
  coldStarts: number;
  /** Of the calls, 0 to 1; 0 without calls. */
  share: number;
}

interface Minute {
  minute: number;
  calls: number;
  coldStarts: number;
}

/** Calls and cold starts of the last hour by kind of container: a ring of minutes each. */
export class StartShares {
  readonly #clock: Clock;
  readonly #rings = new Map<string, Minute[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(shelf: string, calls: number, coldStarts: number): void {
    if (calls === 0 && coldStarts === 0) return;
    const minute = this.#minute();
    let ring = this.#rings.get(shelf);
    if (ring === undefined) this.#rings.set(shelf, (ring = []));
    const slot = ring[minute % MINUTES];
    if (slot?.minute === minute) {
      slot.calls += calls;
      slot.coldStarts += coldStarts;
    } else ring[minute % MINUTES] = { minute, calls, coldStarts };
  }

  lastHour(shelf: string): StartShare {
    const oldest = this.#minute() - MINUTES;
    let calls = 0;
    let coldStarts = 0;
    this.#rings.get(shelf)?.forEach((slot) => {
      if (slot.minute <= oldest) return;
      calls += slot.calls;
      coldStarts += slot.coldStarts;
    });
    return { calls, coldStarts, share: calls === 0 ? 0 : Math.round((coldStarts / calls) * 10_000) / 10_000 };
  }

  #minute(): number {
    return Math.floor(this.#clock.monotonicMs() / MINUTE_MS);
  }
}
