import type { Redis } from 'ioredis';
import type { Logger } from '@easyfaas/service-kit';

/**
 * Notices over Redis pub/sub, which forgets what it could not deliver: whoever keeps a cache by notices MUST also listen for
 * gaps and then treat all that it has as possibly old.
 */
export class RedisNotices {
  readonly #subscriber: Redis;
  readonly #logger: Logger;
  readonly #listeners = new Map<string, ((message: string) => void)[]>();
  readonly #gapListeners: (() => void)[] = [];

  /** @param subscriber a connection of its own: one in subscriber mode takes no commands */
  constructor(subscriber: Redis, logger: Logger) {
    this.#subscriber = subscriber;
    this.#logger = logger;
    subscriber.on('message', (channel: string, message: string) => this.#deliver(channel, message));
    subscriber.on('ready', () => {
      for (const listener of this.#gapListeners) listener();
    });
  }

  /** From now on, and again by itself after each break of the connection. */
  on(channel: string, listener: (message: string) => void): void {
    const listeners = this.#listeners.get(channel);
    if (listeners !== undefined) {
      listeners.push(listener);
      return;
    }
    this.#listeners.set(channel, [listener]);
    this.#subscriber.subscribe(channel).catch((error: unknown) => this.#logger.error('subscribe failed', { channel, error }));
  }

  /** Notices may have been lost up to now: the connection was (re-)made. */
  onGap(listener: () => void): void {
    this.#gapListeners.push(listener);
  }

  #deliver(channel: string, message: string): void {
    for (const listener of this.#listeners.get(channel) ?? []) {
      try {
        listener(message);
      } catch (error) {
        this.#logger.error('notice could not be used', { channel, error });
      }
    }
  }
}
