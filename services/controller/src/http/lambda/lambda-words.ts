import { ServiceError } from '@easyfaas/service-kit';
import type { LambdaError } from './lambda-error';

/**
 * Waits for a promise of the function service; where it fails with one of these codes, the error is the dialect's own.
 * @throws LambdaError, and what else the promise rejects with
 */
export async function inLambdaWords<T>(
  promise: Promise<T>,
  words: Partial<Record<string, (error: ServiceError) => LambdaError>>,
): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    const inWords = error instanceof ServiceError ? words[error.code]?.(error) : undefined;
    throw inWords ?? error;
  }
}
