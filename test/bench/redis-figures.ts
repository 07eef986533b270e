import type { BareQueue } from './bare-queue';

/** What Redis has done since it started. */
export interface RedisFigure {
  /** Sent by clients: what scripts call inside counts as the script. */
  commands: number;
  /** User and system, us. */
  processorUs: number;
}

/** Commands that only clients send, in this product and in BullMQ; all others that are frequent are called by scripts. */
const SENT = ['evalsha', 'eval', 'multi', 'exec', 'bzpopmin', 'subscribe'];

/** Asks Redis for its own counters. */
export class RedisFigures {
  readonly #queue: BareQueue;

  constructor(queue: BareQueue) {
    this.#queue = queue;
  }

  async read(): Promise<RedisFigure> {
    const info = await this.#queue.ask<string>('redis', { command: ['info', 'all'] });
    const count = (name: string): number => Number(new RegExp(`^cmdstat_${name}:calls=(\\d+)`, 'm').exec(info)?.[1] ?? 0);
    const seconds = (name: string): number => Number(new RegExp(`^used_cpu_${name}:([\\d.]+)`, 'm').exec(info)?.[1] ?? NaN);
    return {
      commands: SENT.reduce((sum, name) => sum + count(name), 0),
      processorUs: (seconds('user') + seconds('sys')) * 1e6,
    };
  }
}
