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
  const { code, layers = [] } = JSON.parse(doc) as { code?: { sha256?: unknown }; layers?: { sha256?: unknown }[] };
  const packages = [code, ...layers].map((each) => each?.sha256);
  if (packages.every((sha256) => typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256))) return packages as string[];
  throw new ServiceError('INTERNAL', 'A stored function does not name its packages; deploy it again or delete it.');
}

/** Only this one member; undefined where there is none. */
export function reservationOfDocument(doc: string): number | undefined {
  const { concurrency } = JSON.parse(doc) as { concurrency?: { ReservedConcurrentExecutions?: unknown } };
  const reserved = concurrency?.ReservedConcurrentExecutions;
  return typeof reserved === 'number' ? reserved : undefined;
}
