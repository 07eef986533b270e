import type { StoredFunction } from '@easyfaas/contracts/wire';
import { withSecrets } from './commit-id';

/** A published version together with what holds for its whole function now: limits and secrets. */
export function asOf(version: StoredFunction, { concurrency, secrets }: StoredFunction): StoredFunction {
  if (secrets === undefined) return { ...version, concurrency };
  const CommitId = withSecrets(version.configuration.CommitId, secrets);
  return { ...version, concurrency, secrets, configuration: { ...version.configuration, CommitId } };
}
