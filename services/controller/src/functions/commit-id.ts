import { createHash } from 'node:crypto';
import type { FunctionConfiguration, StoredFunction, StoredSecret } from '@easyfaas/contracts/wire';
import { ownStorageMb } from './storage-rules';

type Parts = Pick<StoredFunction, 'code' | 'layers' | 'secrets'> & {
  configuration: Pick<
    FunctionConfiguration,
    'Runtime' | 'Handler' | 'Timeout' | 'MemorySize' | 'Environment' | 'PodConcurrentQuota' | 'NetworkMode' | 'EphemeralStorage'
  >;
};

/** The commit of a function, and beside it the one without its secrets where that differs; see {@link withSecrets}. */
export function commitOf(parts: Parts): { commitId: string; baseCommitId?: string } {
  const base = baseCommitOf(parts);
  const commitId = withSecrets(base, parts.secrets);
  return commitId === base ? { commitId } : { commitId, baseCommitId: base };
}

/**
 * The commit that holds with these secrets: published versions stay as they are while the secrets of their function are
 * exchanged, and their containers have to be made anew all the same.
 */
export function withSecrets(baseCommitId: string, secrets: Readonly<Record<string, StoredSecret>> = {}): string {
  const names = Object.keys(secrets).sort();
  if (names.length === 0) return baseCommitId;
  return hashOf([baseCommitId, ...names.map((name) => [name, secrets[name]?.sealed])]);
}

/** Hash over all that a container is made of: the code and what the runtime was told. Texts for people do not count. */
function baseCommitOf({ configuration, code, layers = [] }: Parts): string {
  const { Runtime, Handler, Timeout, MemorySize, Environment, PodConcurrentQuota, NetworkMode } = configuration;
  const variables = Object.entries(Environment.Variables).sort(([a], [b]) => (a < b ? -1 : 1));
  const parts = [code.sha256, Runtime, Handler, Timeout, MemorySize, variables, PodConcurrentQuota, NetworkMode];
  // What a function does not have leaves no trace: ids stay as they were before there was such a thing.
  const layered = layers.length === 0 ? parts : [...parts, layers.map(({ sha256 }) => sha256)];
  const storageMb = ownStorageMb(configuration);
  return hashOf(storageMb === undefined ? layered : [...layered, { storageMb }]);
}

function hashOf(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
