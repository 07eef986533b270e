import type { InvocationResult } from '../../invoke/invoker';

/** What a function said about a batch. */
export interface BatchResult {
  /** Ids of the messages that it did not get done. */
  failed: ReadonlySet<string>;
  /** Why, for people. */
  reason: string;
}

/**
 * Which messages of a batch failed, as AWS Lambda's `batchItemFailures` says it: none when the list is empty or missing, all when the
 * function failed or the list cannot be understood. Pure.
 * @param heedsFailures false: what a function that succeeded says does not matter
 */
export function batchResult(result: InvocationResult, messageIds: readonly string[], heedsFailures = true): BatchResult {
  const all = (reason: string): BatchResult => ({ failed: new Set(messageIds), reason });
  switch (result.kind) {
    case 'function-error':
      return all(`The function failed: ${result.errorType}.`);
    case 'platform-error':
      return all(result.error.message);
    case 'aborted':
      return all('The call was given up.');
    case 'success': {
      const failures = heedsFailures ? failuresOf(result.body) : undefined;
      if (failures === undefined) return { failed: new Set(), reason: '' };
      const ids = failures.map((each) =>
        typeof each === 'object' && each !== null ? (each as Record<string, unknown>)['itemIdentifier'] : undefined,
      );
      const isKnown = ids.every((id) => typeof id === 'string' && messageIds.includes(id));
      if (!isKnown) return all('The function named a message in batchItemFailures that was not in the batch.');
      return { failed: new Set(ids as string[]), reason: 'The function named it in batchItemFailures.' };
    }
  }
}

function failuresOf(body: Buffer): unknown[] | undefined {
  if (!body.includes('batchItemFailures')) return undefined;
  try {
    const value = JSON.parse(body.toString()) as { batchItemFailures?: unknown } | null;
    const failures = value?.batchItemFailures;
    return Array.isArray(failures) && failures.length > 0 ? failures : undefined;
  } catch {
    return undefined;
  }
}
