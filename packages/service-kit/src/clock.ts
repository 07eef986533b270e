import { randomBytes, randomUUID } from 'node:crypto';

/** Time as our code sees it. Durations and deadlines come from `monotonicMs`; `wallMs` is for display only. */
export interface Clock {
  /** Milliseconds since the epoch. */
  wallMs(): number;
  /** Milliseconds that never go back. */
  monotonicMs(): number;
  /** Calls back once after `delayMs`; the returned function cancels. Does not keep the process alive. */
  after(delayMs: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Sources of identity and randomness. */
export interface Ids {
  /** 12 hex characters. */
  containerId(): string;
  /** UUID v4. */
  requestId(): string;
  operationId(): string;
  /** 128 bits, hex. */
  nonce(): string;
}

export const systemIds: Ids = {
  containerId: () => randomBytes(6).toString('hex'),
  requestId: () => randomUUID(),
  operationId: () => randomUUID(),
  nonce: () => randomBytes(16).toString('hex'),
};

/** A clock for tests: time moves only when told to. */
export class FakeClock implements Clock {
  #nowMs: number;
  #timers: { atMs: number; callback: () => void }[] = [];

  constructor(startMs = 1_700_000_000_000) {
    this.#nowMs = startMs;
  }

  wallMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Moves time and runs what became due, in order of time. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const next = this.#timers.filter((timer) => timer.atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.callback();
    }
    this.#nowMs = endMs;
  }
}
