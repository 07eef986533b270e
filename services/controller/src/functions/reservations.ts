import { invalidField } from '../invalid-field';
import type { FunctionStore } from './function-store';
import { reservationProblem } from './reservation-rules';

export interface ReservationsOptions {
  store: Pick<FunctionStore, 'reservations'>;
  /** Calls at once per account. */
  accountLimit: number;
}

/** What functions set aside of their account's limit. Every method throws STORE_UNAVAILABLE when the store is away. */
export class Reservations {
  readonly #options: ReservationsOptions;

  constructor(options: ReservationsOptions) {
    this.#options = options;
  }

  /** Calls at once per account. */
  get accountLimit(): number {
    return this.#options.accountLimit;
  }

  async sum(accountId: string): Promise<number> {
    let sum = 0;
    for (const reserved of (await this.#options.store.reservations(accountId)).values()) sum += reserved;
    return sum;
  }

  /**
   * Two that are made at one moment may together be too many; the functions without one keep their minimum all the same.
   * @throws ServiceError VALIDATION_FAILED when so much is not left
   */
  async assertPossible(accountId: string, functionName: string, wanted: number | undefined): Promise<void> {
    if (wanted === undefined || wanted === 0) return;
    const { store, accountLimit } = this.#options;
    let others = 0;
    let current: number | undefined;
    for (const [name, reserved] of await store.reservations(accountId)) {
      if (name === functionName) current = reserved;
      else others += reserved;
    }
    const problem = reservationProblem({ wanted, current, others, accountLimit });
    if (problem !== undefined) throw invalidField('ReservedConcurrentExecutions', problem);
  }
}
