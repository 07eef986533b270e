import { randomUUID } from 'node:crypto';
import type { AcceptedEvent, EventIntake, NewEvent } from '../../src/async/event-intake';
import type { FunctionDirectory } from '../../src/functions/function-directory';

/** Keeps what it accepts in a list, once per idempotency key. */
export class MemoryIntake implements EventIntake {
  readonly events: NewEvent[] = [];
  /** Thrown instead of accepting. */
  failure: Error | undefined;
  readonly #directory: Pick<FunctionDirectory, 'find'>;
  readonly #idsByKey = new Map<string, string>();

  constructor(directory: Pick<FunctionDirectory, 'find'>) {
    this.#directory = directory;
  }

  async accept(event: NewEvent): Promise<AcceptedEvent> {
    if (this.failure !== undefined) throw this.failure;
    await this.#directory.find(event.accountId, event.functionName, event.qualifier);
    const known = event.idempotencyKey === undefined ? undefined : this.#idsByKey.get(event.idempotencyKey);
    if (known !== undefined) return { requestId: known, isDuplicate: true };
    const requestId = randomUUID();
    if (event.idempotencyKey !== undefined) this.#idsByKey.set(event.idempotencyKey, requestId);
    this.events.push(event);
    return { requestId, isDuplicate: false };
  }
}
