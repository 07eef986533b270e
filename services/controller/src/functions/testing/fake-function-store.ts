import type { StoredFunction } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import type { FunctionChange } from '../function-directory';
import type { FunctionPage, FunctionPageRequest, FunctionStore } from '../function-store';
import { FakeLayerStore } from './fake-layer-store';
import { FakeVersionStore } from './fake-version-store';

/** For tests: functions in memory; it can go away like Redis, and others can change it behind our back. */
export class FakeFunctionStore implements FunctionStore {
  readonly functions = new Map<string, StoredFunction>();
  readonly versions = new FakeVersionStore(this);
  readonly layers = new FakeLayerStore();
  isAway = false;
  gets = 0;
  readonly #listeners: ((change: FunctionChange) => void)[] = [];
  readonly #gaps: (() => void)[] = [];

  async get(accountId: string, functionName: string): Promise<StoredFunction | undefined> {
    this.gets += 1;
    this.#assertThere();
    return this.functions.get(`${accountId}:${functionName}`);
  }

  async create(created: StoredFunction): Promise<boolean> {
    this.#assertThere();
    if (this.functions.has(keyOf(created))) return false;
    this.#put(created);
    return true;
  }

  async replace(updated: StoredFunction, expectedRevisionId: string): Promise<'replaced' | 'missing' | 'stale'> {
    this.#assertThere();
    const current = this.functions.get(keyOf(updated));
    if (current === undefined) return 'missing';
    if (current.configuration.RevisionId !== expectedRevisionId) return 'stale';
    this.#put(updated);
    return 'replaced';
  }

  async delete(accountId: string, functionName: string, expectedRevisionId?: string): Promise<'deleted' | 'missing' | 'stale'> {
    this.#assertThere();
    const current = this.functions.get(`${accountId}:${functionName}`);
    if (current === undefined) return 'missing';
    if (expectedRevisionId !== undefined && current.configuration.RevisionId !== expectedRevisionId) return 'stale';
    this.functions.delete(`${accountId}:${functionName}`);
    this.versions.forget({ accountId, functionName });
    this.tell({ accountId, functionName });
    return 'deleted';
  }

  async list(accountId: string, { marker = '', limit }: FunctionPageRequest): Promise<FunctionPage> {
    const own = [...this.functions.values()].filter((each) => each.accountId === accountId && each.configuration.FunctionName > marker);
    return { functions: own.slice(0, limit) };
  }

  async reservations(accountId: string): Promise<ReadonlyMap<string, number>> {
    this.#assertThere();
    const reservations = new Map<string, number>();
    for (const { accountId: owner, configuration, concurrency } of this.functions.values()) {
      const reserved = concurrency.ReservedConcurrentExecutions;
      if (owner === accountId && reserved !== undefined) reservations.set(configuration.FunctionName, reserved);
    }
    return reservations;
  }

  async *provisioned(): AsyncGenerator<StoredFunction> {
    for (const stored of this.functions.values()) {
      this.#assertThere();
      if (stored.provisioned !== undefined) yield stored;
    }
  }

  async *packagesInUse(): AsyncGenerator<string> {
    for (const { code } of this.functions.values()) {
      this.#assertThere();
      yield code.sha256;
    }
    this.#assertThere();
  }

  onChange(listener: (change: FunctionChange) => void): void {
    this.#listeners.push(listener);
  }

  onGap(listener: () => void): void {
    this.#gaps.push(listener);
  }

  tell(change: FunctionChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  gap(): void {
    for (const listener of this.#gaps) listener();
  }

  #put(stored: StoredFunction): void {
    const { accountId, configuration } = stored;
    this.functions.set(keyOf(stored), stored);
    this.tell({ accountId, functionName: configuration.FunctionName, commitId: configuration.CommitId });
  }

  #assertThere(): void {
    if (this.isAway) throw new ServiceError('STORE_UNAVAILABLE', 'Redis does not answer.');
  }
}

function keyOf({ accountId, configuration }: StoredFunction): string {
  return `${accountId}:${configuration.FunctionName}`;
}

/** A function as the store keeps it. */
export function storedFunction(functionName: string, more: Partial<StoredFunction['configuration']> = {}): StoredFunction {
  return {
    accountId: 'default',
    configuration: {
      FunctionName: functionName,
      FunctionArn: `brn:cloud:faas:local:default:function:${functionName}`,
      Uid: 'default',
      Version: '$LATEST',
      Description: '',
      Runtime: 'nodejs20',
      Handler: 'index.handler',
      Timeout: 3,
      MemorySize: 128,
      Environment: { Variables: {} },
      PodConcurrentQuota: 1,
      NetworkMode: 'none',
      Tags: {},
      CodeSha256: 'x',
      CodeSize: 1,
      CommitId: 'commit-1',
      RevisionId: 'revision-1',
      LastModified: '2030-01-01T00:00:00.000Z',
      State: 'Active',
      ...more,
    },
    concurrency: {},
    code: { sha256: 'a'.repeat(64), sizeBytes: 1 },
  };
}
