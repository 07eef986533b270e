import type { StopSignal } from '../invoke/invoker';

/** Why an event is to stop: somebody does not want it any more, or it goes back unspent. */
export type StopReason = 'cancel' | 'drain';

/** What an AbortController is to other calls; one is made for every event, so it is small. */
export class EventStop implements StopSignal {
  #reason: StopReason | undefined;
  readonly #listeners = new Set<() => void>();

  get aborted(): boolean {
    return this.#reason !== undefined;
  }

  get reason(): StopReason | undefined {
    return this.#reason;
  }

  /** The first reason stays. */
  stop(reason: StopReason): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    for (const listener of this.#listeners) listener();
    this.#listeners.clear();
  }

  /** Each listener is called once. */
  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.delete(listener);
  }
}
