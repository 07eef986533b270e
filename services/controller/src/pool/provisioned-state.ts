import type { ProvisionedConcurrency } from '@easyfaas/contracts/wire';

/** What of a function's pool the state follows from. */
export interface ProvisionedFacts {
  /** Calls at once per container. */
  concurrency: number;
  /** Containers that are warm, frozen or not. */
  ready: number;
  /** The same and those on their way there. */
  alive: number;
  /** Why its code could not be loaded last time. */
  startProblem: string | undefined;
  /** Why the platform could not prepare a container last time. */
  lastFailure: { message: string } | undefined;
}

/**
 * Requested, allocated and available executions, in AWS Lambda's words. A failure is not the end here: it is tried again, less
 * and less often.
 * @param requested executions at once; without facts nothing is known of its containers yet
 */
export function provisionedState(requested: number, facts: ProvisionedFacts | undefined): Omit<ProvisionedConcurrency, 'LastModified'> {
  const { concurrency = 1, ready = 0, alive = 0, startProblem, lastFailure } = facts ?? {};
  const available = Math.min(requested, ready * concurrency);
  const counts = {
    RequestedProvisionedConcurrentExecutions: requested,
    AvailableProvisionedConcurrentExecutions: available,
    AllocatedProvisionedConcurrentExecutions: Math.min(requested, alive * concurrency),
  };
  if (available >= requested) return { ...counts, Status: 'READY' };
  const problem = startProblem ?? lastFailure?.message;
  return problem === undefined
    ? { ...counts, Status: 'IN_PROGRESS' }
    : { ...counts, Status: 'FAILED', StatusReason: problem.slice(0, 1024) };
}
