import type { PayloadBudget } from '../invoke/payload-budget';

export interface EventMemoryOptions {
  /** Shared with calls. */
  payloads: Pick<PayloadBudget, 'heldBytes' | 'limitBytes' | 'hold' | 'give'>;
  /** Bytes of the largest payload of an event. */
  payloadLimitBytes: number;
}

/** Of one answer of Redis, bytes. */
const TOGETHER_BYTES = 8 * 1024 * 1024;
/** What events may have of the memory for payloads, and what a function may add to that has some running: the rest is for others. */
const SHARE = 1 / 2;
const SHARE_OF_RUNNING = 3 / 8;

/** Memory for the payloads of events that run here, or are being asked for. */
export class EventMemory {
  readonly #options: EventMemoryOptions;
  #heldBytes = 0;

  constructor(options: EventMemoryOptions) {
    this.#options = options;
  }

  /**
   * Sets memory aside for one command. Without any held there is always some for one event, however much calls have: they would keep
   * events waiting for ever.
   * @param isFirst for a function that has no event running
   * @returns bytes, 0 when there are none now
   */
  reserve(isFirst: boolean): number {
    const { payloads, payloadLimitBytes } = this.#options;
    const { heldBytes, limitBytes } = payloads;
    const share = limitBytes * (isFirst ? SHARE : SHARE_OF_RUNNING);
    const roomBytes = Math.floor(Math.min(share - this.#heldBytes, limitBytes - heldBytes, Math.max(TOGETHER_BYTES, payloadLimitBytes)));
    const bytes = roomBytes >= payloadLimitBytes ? roomBytes : this.#heldBytes === 0 ? payloadLimitBytes : 0;
    this.#heldBytes += bytes;
    payloads.hold(bytes);
    return bytes;
  }

  give(bytes: number): void {
    this.#heldBytes -= bytes;
    this.#options.payloads.give(bytes);
  }
}
