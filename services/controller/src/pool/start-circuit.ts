import { ServiceError } from '@easyfaas/service-kit';
import type { FunctionPool } from './function-pool';

/** So many failed starts of one function ... */
const FAILURES = 5;
/** ... within this time, ms, are enough. */
const WINDOW_MS = 60_000;
/** Calls are refused at once for so long, ms; then the next one may try. */
const OPEN_MS = 5000;

/** Failures of the platform to start one function's containers. Failures of the function itself are no business of it. */
export class StartCircuit {
  readonly #failuresAtMs: number[] = [];

  /** @returns whether calls are to be refused for a while */
  noteFailure(nowMs: number): boolean {
    const recent = this.#failuresAtMs.filter((atMs) => nowMs - atMs < WINDOW_MS);
    this.#failuresAtMs.splice(0, this.#failuresAtMs.length, ...recent.slice(1 - FAILURES), nowMs);
    return this.isTripped;
  }

  noteSuccess(): void {
    this.#failuresAtMs.length = 0;
  }

  /** It has not started since: one attempt at a time is enough. */
  get isTripped(): boolean {
    return this.#failuresAtMs.length >= FAILURES;
  }
}

/** Causes that say nothing about this function: the node is full, or everybody waits for the funclet. */
const NOT_COUNTED = new Set(['CAPACITY_EXCEEDED', 'FUNCLET_UNAVAILABLE', 'SHUTTING_DOWN']);

/**
 * A start of the function failed for a cause of the platform's, or a call waited in vain for one. After several of them calls
 * are refused at once for some seconds, instead of each waiting its time.
 * @returns whether they are from now on
 */
export function noteStartFailure(pool: FunctionPool, cause: ServiceError, nowMs: number): boolean {
  if (NOT_COUNTED.has(cause.code) || !pool.circuit.noteFailure(nowMs)) return false;
  const name = pool.stored.configuration.FunctionName;
  const text = `${name} could not be started ${FAILURES} times within ${WINDOW_MS / 1000} s, last: ${cause.message} It is tried again in ${OPEN_MS / 1000} s.`;
  const error = new ServiceError('CIRCUIT_OPEN', text, { cause, headers: { 'Retry-After': String(OPEN_MS / 1000) } });
  pool.startFailure = { outcomeOf: () => ({ kind: 'platform-error', error }), untilMs: nowMs + OPEN_MS };
  return true;
}
