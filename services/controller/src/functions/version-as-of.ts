import type { StoredFunction } from '@easyfaas/contracts/wire';
import { withSecrets } from './commit-id';

/** A published version together with what holds for its whole function now: limits, tags and secrets. */
export function asOf(version: StoredFunction, { concurrency, secrets, configuration: { Tags } }: StoredFunction): StoredFunction {
  const configuration = { ...version.configuration, Tags };
  if (secrets === undefined) return { ...version, concurrency, configuration };
  return { ...version, concurrency, secrets, configuration: { ...configuration, CommitId: withSecrets(configuration.CommitId, secrets) } };
}
