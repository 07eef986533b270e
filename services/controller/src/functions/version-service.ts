import { LIMITS, type PublishVersionRequest, type StoredFunction } from '@easyfaas/contracts/wire';
import { ServiceError, type Clock } from '@easyfaas/service-kit';
import { invalidField } from '../invalid-field';
import { ACTIVE, withState } from './settlement-rules';
import { LATEST, VERSION_NUMBER, functionArn, functionNotFound } from './function-name';
import type { FunctionStore } from './function-store';
import { asOf } from './version-as-of';
import { without } from './without';
import type { FunctionKey } from './version-store';

export interface VersionServiceOptions {
  store: FunctionStore;
  region: string;
  clock: Clock;
  newRevisionId: () => string;
}

/** How often a publication is tried again when others change the same function at the same time. */
const ATTEMPTS = 5;

/** Published versions: never changed once they are there. Every method throws STORE_UNAVAILABLE when Redis is away. */
export class VersionService {
  readonly #options: VersionServiceOptions;

  constructor(options: VersionServiceOptions) {
    this.#options = options;
  }

  /**
   * Makes a version of what `$LATEST` is now. When neither code nor configuration have changed since the last version, that
   * version is the answer, as on AWS Lambda; the function's description is configuration, that of the request is not.
   * @throws ServiceError FUNCTION_NOT_FOUND, PRECONDITION_FAILED, NOT_READY, VALIDATION_FAILED (limit), CONFLICT
   */
  async publish(key: FunctionKey, request: PublishVersionRequest): Promise<StoredFunction> {
    const { store } = this.#options;
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const latest = await this.#latest(key);
      assertWanted(latest, request);
      const { lastVersion, last } = await store.versions.publishState(key);
      if (last !== undefined && isOf(latest, last)) return last;
      const version = this.#versionOf(latest, String(lastVersion + 1), request.Description);
      const outcome = await store.versions.add(version, latest.configuration.RevisionId);
      if (outcome === 'added') return version;
      if (outcome === 'missing') throw functionNotFound(key.functionName);
      if (outcome === 'full') throw tooMany(key.functionName);
    }
    throw new ServiceError('CONFLICT', `The function "${key.functionName}" is being changed by others all the time; try again.`);
  }

  /** `$LATEST` first, then the versions in the order of their numbers. @throws ServiceError FUNCTION_NOT_FOUND */
  async list(
    key: FunctionKey,
    { after, limit }: { after?: number; limit: number },
  ): Promise<{ versions: StoredFunction[]; nextAfter?: number }> {
    const latest = await this.#latest(key);
    const first = after === undefined ? [latest] : [];
    const rest = limit - first.length;
    // A page of one: whether there are more is known only by asking for one more.
    const page = await this.#options.store.versions.list(key, { after: after ?? 0, limit: Math.max(1, rest) });
    if (rest === 0) return { versions: first, ...(page.versions.length > 0 ? { nextAfter: 0 } : {}) };
    return { ...page, versions: [...first, ...page.versions] };
  }

  /** What a qualifier means now; of an alias its main version. @throws ServiceError FUNCTION_NOT_FOUND */
  async read(key: FunctionKey, qualifier: string): Promise<StoredFunction> {
    const latest = await this.#latest(key);
    if (qualifier === LATEST) return latest;
    const alias = VERSION_NUMBER.test(qualifier) ? undefined : await this.#options.store.versions.getAlias(key, qualifier);
    const version = alias?.FunctionVersion ?? qualifier;
    if (version === LATEST) return latest;
    const found = await this.#options.store.versions.get(key, version);
    if (found === undefined) throw functionNotFound(key.functionName, qualifier);
    return asOf(found, latest);
  }

  /** Running calls finish. @throws ServiceError FUNCTION_NOT_FOUND, CONFLICT (an alias points to it), VALIDATION_FAILED (not a number) */
  async delete(key: FunctionKey, version: string): Promise<void> {
    if (!VERSION_NUMBER.test(version)) {
      throw invalidField(
        'Qualifier',
        `Only a version can be deleted by its number; "${version}" is none. Without Qualifier the whole function is deleted; aliases have a path of their own.`,
      );
    }
    const answer = await this.#options.store.versions.delete(key, version);
    if (answer.outcome === 'missing') throw functionNotFound(key.functionName, version);
    if (answer.outcome === 'used') {
      throw new ServiceError('CONFLICT', `The alias "${answer.usedBy}" points to version ${version}; change or delete it first.`);
    }
  }

  async #latest({ accountId, functionName }: FunctionKey): Promise<StoredFunction> {
    const latest = await this.#options.store.get(accountId, functionName);
    if (latest === undefined) throw functionNotFound(functionName);
    return latest;
  }

  #versionOf(latest: StoredFunction, number: string, description: string | undefined): StoredFunction {
    const { region, clock, newRevisionId } = this.#options;
    // What belongs to the function as a whole is kept in one place, with the function.
    const { configuration, accountId } = latest;
    const publishedDescription = configuration.Description;
    const version = {
      ...without(latest, 'secrets', 'provisioned', 'urlPermissions', 'baseCommitId'),
      ...(description === undefined || description === publishedDescription ? {} : { publishedDescription }),
      configuration: {
        ...configuration,
        Version: number,
        FunctionArn: functionArn({ region, accountId }, configuration.FunctionName, number),
        Description: description ?? configuration.Description,
        RevisionId: newRevisionId(),
        LastModified: new Date(clock.wallMs()).toISOString(),
        CommitId: baseCommit(latest),
      },
      concurrency: {},
    };
    return withState(version, ACTIVE);
  }
}

/** Whether the function is still what this version was made of. */
function isOf(latest: StoredFunction, { configuration, publishedDescription = configuration.Description }: StoredFunction): boolean {
  return configuration.CommitId === baseCommit(latest) && publishedDescription === latest.configuration.Description;
}

/** Of code and configuration alone: a secret that was exchanged makes no new version. */
function baseCommit({ baseCommitId, configuration }: StoredFunction): string {
  return baseCommitId ?? configuration.CommitId;
}

function assertWanted({ configuration }: StoredFunction, { CodeSha256, RevisionId }: PublishVersionRequest): void {
  const { FunctionName, State, LastUpdateStatus = 'Successful' } = configuration;
  if (RevisionId !== undefined && RevisionId !== configuration.RevisionId) {
    throw new ServiceError('PRECONDITION_FAILED', 'The function was changed since that RevisionId: read it again and repeat.');
  }
  if (CodeSha256 !== undefined && CodeSha256 !== configuration.CodeSha256) {
    throw new ServiceError('PRECONDITION_FAILED', `The function has other code: its CodeSha256 is ${configuration.CodeSha256}.`);
  }
  if (State !== 'Active')
    throw new ServiceError('NOT_READY', `The function ${FunctionName} is ${State}, not Active: there is nothing to publish yet.`);
  if (LastUpdateStatus === 'InProgress')
    throw new ServiceError(
      'NOT_READY',
      `The new code of ${FunctionName} is still being unpacked; publish it when LastUpdateStatus is Successful.`,
    );
}

function tooMany(functionName: string): ServiceError {
  return new ServiceError(
    'CONFLICT',
    `The function "${functionName}" has ${LIMITS.versionsPerFunction} versions, the limit; delete some that no alias points to.`,
  );
}
