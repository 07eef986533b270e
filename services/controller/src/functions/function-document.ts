import { parse, storedFunctionSchema } from '@easyfaas/contracts/schemas';
import type { StoredFunction } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';

/** Documents outlive a deploy and Redis is shared: what comes back is checked like any other input. */
export function readFunctionDocument(doc: string): StoredFunction {
  try {
    return parse(storedFunctionSchema, JSON.parse(doc));
  } catch (cause) {
    throw new ServiceError('INTERNAL', 'The stored function cannot be read; deploy it again.', { cause });
  }
}

/** Hex SHA-256 of each package that a stored function needs. Only these members: a walk over all functions does not check all of each. */
export function packagesOfDocument(doc: string): string[] {
  const { code } = JSON.parse(doc) as { code?: { sha256?: unknown } };
  const sha256 = code?.sha256;
  if (typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256)) return [sha256];
  throw new ServiceError('INTERNAL', 'A stored function does not name its package; deploy it again or delete it.');
}

/** Only this one member; undefined where there is none. */
export function reservationOfDocument(doc: string): number | undefined {
  const { concurrency } = JSON.parse(doc) as { concurrency?: { ReservedConcurrentExecutions?: unknown } };
  const reserved = concurrency?.ReservedConcurrentExecutions;
  return typeof reserved === 'number' ? reserved : undefined;
}
