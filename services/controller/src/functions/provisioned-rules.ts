import type { StoredProvisioned } from '@easyfaas/contracts/wire';
import { invalidField } from '../invalid-field';

export interface ProvisionedWish {
  executions: number;
  /** Of the same function, under its other qualifiers. */
  otherExecutions: number;
  concurrency: number;
  memoryMb: number;
  reserved: number | undefined;
  accountLimit: number;
  /** What is kept warm of all other functions, and what the node has. */
  others: { memoryMb: number; containers: number };
  /** Absent until the funclet has said so. */
  budget: { memoryMb: number; overheadMb: number } | undefined;
  poolMax: number;
}

const FIELD = 'ProvisionedConcurrentExecutions';

/** @throws ServiceError VALIDATION_FAILED with the figures, when so much can never be kept warm here */
export function assertProvisionable(wish: ProvisionedWish): void {
  const { executions, otherExecutions, concurrency, memoryMb, reserved, accountLimit, others, budget, poolMax } = wish;
  const all = executions + otherExecutions;
  if (reserved !== undefined && all > reserved) {
    throw invalidField(
      FIELD,
      `${FIELD} would be ${all} in all; ReservedConcurrentExecutions of the function is ${reserved}: more could never run.`,
    );
  }
  if (all > accountLimit) {
    throw invalidField(
      FIELD,
      `${FIELD} would be ${all} in all; the account may run ${accountLimit} calls at once (EASYFAAS_ACCOUNT_CONCURRENCY).`,
    );
  }
  const containers = Math.ceil(executions / concurrency);
  if (containers + others.containers > poolMax) {
    throw invalidField(
      FIELD,
      `${FIELD} of ${executions} needs ${containers} containers, ${others.containers} more are kept warm already; the pool has at most ${poolMax} (EASYFAAS_POOL_MAX).`,
    );
  }
  if (budget === undefined) return;
  const neededMb = containers * (memoryMb + budget.overheadMb);
  if (neededMb + others.memoryMb <= budget.memoryMb) return;
  throw invalidField(
    FIELD,
    `${FIELD} of ${executions} needs ${neededMb} MB, ${others.memoryMb} MB are kept for others already; the node has ${budget.memoryMb} MB (EASYFAAS_NODE_MEMORY_MB).`,
  );
}

/** @throws ServiceError VALIDATION_FAILED when less would be reserved than is kept warm */
export function assertReservationCovers(
  provisioned: Readonly<Record<string, StoredProvisioned>> | undefined,
  reserved: number | undefined,
): void {
  const kept = executionsOf(provisioned);
  if (reserved === undefined || kept <= reserved) return;
  throw invalidField(
    'ReservedConcurrentExecutions',
    `ReservedConcurrentExecutions must not be below the ${kept} executions that are provisioned; lower or delete those first.`,
  );
}

/** @param except a qualifier that is not counted */
export function executionsOf(provisioned: Readonly<Record<string, StoredProvisioned>> | undefined, except?: string): number {
  let sum = 0;
  for (const [qualifier, { ProvisionedConcurrentExecutions }] of Object.entries(provisioned ?? {}))
    if (qualifier !== except) sum += ProvisionedConcurrentExecutions;
  return sum;
}
