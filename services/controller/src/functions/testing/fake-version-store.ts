import type { AliasConfiguration, StoredFunction } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import type { AliasOutcome, FunctionKey, PublishState, QualifierChange, VersionStore } from '../version-store';
import type { FakeFunctionStore } from './fake-function-store';

interface Kept {
  lastVersion: number;
  versions: Map<string, StoredFunction>;
  aliases: Map<string, AliasConfiguration>;
}

/** For tests: versions and aliases in memory, beside a {@link FakeFunctionStore}. */
export class FakeVersionStore implements VersionStore {
  gets = 0;
  readonly #functions: FakeFunctionStore;
  readonly #kept = new Map<string, Kept>();
  readonly #listeners: ((change: QualifierChange) => void)[] = [];

  constructor(functions: FakeFunctionStore) {
    this.#functions = functions;
  }

  async get(key: FunctionKey, version: string): Promise<StoredFunction | undefined> {
    this.gets += 1;
    return this.#of(key).versions.get(version);
  }

  async list(
    key: FunctionKey,
    { after, limit }: { after: number; limit: number },
  ): Promise<{ versions: StoredFunction[]; nextAfter?: number }> {
    const all = [...this.#of(key).versions.values()].filter(({ configuration }) => Number(configuration.Version) > after);
    const versions = all.slice(0, limit);
    const last = Number(versions.at(-1)?.configuration.Version);
    return { versions, ...(all.length > limit ? { nextAfter: last } : {}) };
  }

  async publishState(key: FunctionKey): Promise<PublishState> {
    const { lastVersion, versions } = this.#of(key);
    return { lastVersion, last: versions.get(String(lastVersion)) };
  }

  async add(version: StoredFunction, functionRevisionId: string): Promise<'added' | 'missing' | 'stale' | 'full'> {
    const { accountId, configuration } = version;
    const key = { accountId, functionName: configuration.FunctionName };
    const latest = this.#functions.functions.get(keyOf(key));
    if (latest === undefined) return 'missing';
    const kept = this.#of(key);
    if (latest.configuration.RevisionId !== functionRevisionId || Number(configuration.Version) !== kept.lastVersion + 1) return 'stale';
    kept.lastVersion += 1;
    kept.versions.set(configuration.Version, version);
    this.tell({ ...key, publishedVersion: configuration.Version });
    return 'added';
  }

  async delete(key: FunctionKey, version: string): Promise<{ outcome: 'deleted' | 'missing' } | { outcome: 'used'; usedBy: string }> {
    const { versions, aliases } = this.#of(key);
    if (!versions.has(version)) return { outcome: 'missing' };
    for (const alias of aliases.values()) if (named(alias).includes(version)) return { outcome: 'used', usedBy: alias.Name };
    versions.delete(version);
    this.tell({ ...key, deletedVersion: version });
    return { outcome: 'deleted' };
  }

  async aliases(key: FunctionKey): Promise<AliasConfiguration[]> {
    return [...this.#of(key).aliases.values()];
  }

  async getAlias(key: FunctionKey, name: string): Promise<AliasConfiguration | undefined> {
    return this.#of(key).aliases.get(name);
  }

  async putAlias(key: FunctionKey, alias: AliasConfiguration, expectedRevisionId: string | undefined): Promise<AliasOutcome> {
    const { versions, aliases } = this.#of(key);
    if (!this.#functions.functions.has(keyOf(key))) return 'no function';
    const current = aliases.get(alias.Name);
    if (expectedRevisionId === undefined && current !== undefined) return 'exists';
    if (expectedRevisionId !== undefined && current === undefined) return 'missing';
    if (expectedRevisionId !== undefined && current?.RevisionId !== expectedRevisionId) return 'stale';
    if (named(alias).some((version) => version !== '$LATEST' && !versions.has(version))) return 'no version';
    aliases.set(alias.Name, alias);
    this.tell(key);
    return 'written';
  }

  async deleteAlias(key: FunctionKey, name: string, expectedRevisionId?: string): Promise<'deleted' | 'missing' | 'stale'> {
    const { aliases } = this.#of(key);
    const current = aliases.get(name);
    if (current === undefined) return 'missing';
    if (expectedRevisionId !== undefined && current.RevisionId !== expectedRevisionId) return 'stale';
    aliases.delete(name);
    this.tell(key);
    return 'deleted';
  }

  onChange(listener: (change: QualifierChange) => void): void {
    this.#listeners.push(listener);
  }

  tell({ accountId, functionName, ...more }: QualifierChange): void {
    for (const listener of this.#listeners) listener({ accountId, functionName, ...more });
  }

  forget(key: FunctionKey): void {
    this.#kept.delete(keyOf(key));
  }

  #of(key: FunctionKey): Kept {
    if (this.#functions.isAway) throw new ServiceError('STORE_UNAVAILABLE', 'Redis does not answer.');
    const known = this.#kept.get(keyOf(key));
    if (known !== undefined) return known;
    const made: Kept = { lastVersion: 0, versions: new Map(), aliases: new Map() };
    this.#kept.set(keyOf(key), made);
    return made;
  }
}

function keyOf({ accountId, functionName }: FunctionKey): string {
  return `${accountId}:${functionName}`;
}

function named({ FunctionVersion, RoutingConfig }: AliasConfiguration): string[] {
  return [FunctionVersion, ...Object.keys(RoutingConfig?.AdditionalVersionWeights ?? {})];
}
