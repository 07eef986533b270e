import { randomUUID } from 'node:crypto';
import type { RedisNotices } from '../redis-notices';

/**
 * Changes that one controller makes and all hear of: its own listeners at once, the others' over pub/sub. Own notices come
 * back over pub/sub too; they are not delivered twice.
 */
export class RedisChangeChannel<Change> {
  readonly name: string;
  readonly #origin = randomUUID();
  readonly #listeners: ((change: Change) => void)[] = [];

  constructor(name: string, notices: RedisNotices) {
    this.name = name;
    notices.on(name, (message) => {
      const { origin, change } = JSON.parse(message) as { origin: string; change: Change };
      if (origin !== this.#origin) this.tell(change);
    });
  }

  on(listener: (change: Change) => void): void {
    this.#listeners.push(listener);
  }

  /** What is to be published in the same step as the write. */
  message(change: Change): string {
    return JSON.stringify({ origin: this.#origin, change });
  }

  /** Own listeners, once the write is known to have happened. */
  tell(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }
}
