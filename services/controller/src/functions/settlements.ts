import type { PrepareCodeRequest, StoredFunction } from '@easyfaas/contracts/wire';
import { SingleFlight, type Clock, type Logger } from '@easyfaas/service-kit';
import type { FunctionStore } from './function-store';
import { ACTIVE, RETRY_AFTER_MS, codeOf, isUnsettled, stateAfterFailure, withState } from './settlement-rules';

export interface SettlementsOptions {
  store: Pick<FunctionStore, 'get' | 'replace'>;
  /** Asks the funclet to unpack code and layers. */
  prepareCode: (codeSha256: string, wish: PrepareCodeRequest) => Promise<void>;
  clock: Clock;
  logger: Logger;
}

/** Whoever began to unpack this long ago has died: any pod that sees the function takes it up. */
const ABANDONED_MS = 15_000;
/** How often the outcome is written again when others change the function at the same time. */
const WRITE_ATTEMPTS = 5;

/**
 * Brings functions from Pending to Active or Failed, and their updates from InProgress to Successful or Failed: has the code
 * unpacked where it will run, and writes down what became of it. The revision stays: whoever read the function before may update it.
 */
export class Settlements {
  readonly #options: SettlementsOptions;
  readonly #flights = new SingleFlight<void>();

  constructor(options: SettlementsOptions) {
    this.#options = options;
  }

  /** Begins, or goes on, in the background. A function that is settled is left alone. */
  start(stored: StoredFunction): void {
    if (isUnsettled(stored)) void this.#settle(stored);
  }

  /** Takes up what a process that died has left. */
  resume(stored: StoredFunction): void {
    if (!isUnsettled(stored)) return;
    const ageMs = this.#options.clock.wallMs() - Date.parse(stored.configuration.LastModified);
    if (!(ageMs < ABANDONED_MS)) void this.#settle(stored);
  }

  /** The function when it is settled, or as it is after `waitMs`. */
  async settled(stored: StoredFunction, waitMs: number): Promise<StoredFunction> {
    if (!isUnsettled(stored)) return stored;
    let cancel = (): void => undefined;
    const tooLong = new Promise<void>((resolve) => {
      cancel = this.#options.clock.after(waitMs, resolve);
    });
    await Promise.race([this.#settle(stored), tooLong]);
    cancel();
    const now = await this.#options.store.get(stored.accountId, stored.configuration.FunctionName);
    return now?.configuration.RevisionId === stored.configuration.RevisionId ? now : stored;
  }

  #settle(stored: StoredFunction): Promise<void> {
    return this.#flights.run(codeOf(stored), async () => {
      try {
        await this.#write(stored, await this.#prepare(stored));
      } catch (error) {
        // Unsettled in the store: whoever reads it later takes it up.
        this.#options.logger.warn('the state of a function could not be written', { function: stored.configuration.FunctionArn, error });
      }
    });
  }

  async #prepare({ accountId, configuration, code, layers = [] }: StoredFunction): Promise<typeof ACTIVE> {
    const wish = { accountId, ...(layers.length === 0 ? {} : { layerSha256s: layers.map(({ sha256 }) => sha256) }) };
    for (let attempt = 0; ; attempt += 1) {
      try {
        await this.#options.prepareCode(code.sha256, wish);
        return ACTIVE;
      } catch (error) {
        const state = stateAfterFailure(error, attempt);
        this.#options.logger.warn('code could not be prepared ahead', { function: configuration.FunctionArn, attempt, error });
        if (state !== 'again') return state;
      }
      await new Promise<void>((resolve) => this.#options.clock.after(RETRY_AFTER_MS[attempt] ?? 0, resolve));
    }
  }

  /** Only of the code that was unpacked: newer code has a settlement of its own. */
  async #write(settled: StoredFunction, state: typeof ACTIVE): Promise<void> {
    const { store } = this.#options;
    for (let attempt = 0; attempt < WRITE_ATTEMPTS; attempt += 1) {
      const current = await store.get(settled.accountId, settled.configuration.FunctionName);
      if (current === undefined || codeOf(current) !== codeOf(settled) || !isUnsettled(current)) return;
      const outcome = await store.replace(withState(current, state), current.configuration.RevisionId);
      if (outcome !== 'stale') return;
    }
  }
}
