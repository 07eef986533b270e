import type { IncomingMessage } from 'node:http';
import type { Clock, Logger } from '@easyfaas/service-kit';
import { parseWatchEvent } from '@easyfaas/contracts/schemas';
import type { WatchEvent } from '@easyfaas/contracts/wire';
import type { FuncletClient } from './funclet-client';

export interface FuncletWatchDeps {
  funclet: Pick<FuncletClient, 'watch'>;
  clock: Clock;
  logger: Logger;
  onEvent: (event: WatchEvent) => void;
}

const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 1000;
/** One line holds one event; a snapshot of a thousand containers is about 2 MB. */
const LINE_BYTES_MAX = 16 * 1024 * 1024;

/** The funclet's stream of changes, opened again whenever it breaks; each opening begins with a snapshot. */
export class FuncletWatch {
  readonly #deps: FuncletWatchDeps;
  #stream: IncomingMessage | undefined;
  #isStopped = false;
  #isConnected = false;
  #retryMs = RETRY_MS_MIN;

  constructor(deps: FuncletWatchDeps) {
    this.#deps = deps;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  start(): void {
    void this.#run();
  }

  stop(): void {
    this.#isStopped = true;
    this.#stream?.destroy();
  }

  async #run(): Promise<void> {
    const { funclet, clock, logger } = this.#deps;
    let wasReported = false;
    while (!this.#isStopped) {
      try {
        this.#stream = await funclet.watch();
        logger.info('funclet connected');
        wasReported = false;
        await this.#read(this.#stream);
        logger.warn('funclet watch ended');
      } catch (error) {
        if (!wasReported && !this.#isStopped) logger.warn('funclet watch broken', { error });
        wasReported = true;
      }
      this.#stream?.destroy();
      this.#isConnected = false;
      if (this.#isStopped) return;
      await new Promise<void>((resolve) => clock.after(this.#retryMs, resolve));
      this.#retryMs = Math.min(RETRY_MS_MAX, this.#retryMs * 2);
    }
  }

  async #read(stream: IncomingMessage): Promise<void> {
    let rest = '';
    stream.setEncoding('utf8');
    for await (const chunk of stream as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > LINE_BYTES_MAX) throw new Error(`a line of the watch is over ${LINE_BYTES_MAX} characters`);
      for (const line of lines) if (line !== '') this.#take(line);
    }
  }

  #take(line: string): void {
    const event = parseWatchEvent(JSON.parse(line));
    this.#isConnected = true;
    this.#retryMs = RETRY_MS_MIN;
    this.#deps.onEvent(event);
  }
}
