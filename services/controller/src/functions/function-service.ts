import type {
  FunctionConcurrency,
  FunctionConfiguration,
  RuntimeManifest,
  StoredFunction,
  StoredProvisioned,
  UpdateConfigurationRequest,
} from '@easyfaas/contracts/wire';
import { ServiceError, type Clock, type Logger } from '@easyfaas/service-kit';
import { changedSettings, commitIdOf, newSettings, type FunctionSettings } from './configuration';
import { AliasService } from './alias-service';
import { LATEST, assertFunctionName, functionArn, functionNotFound } from './function-name';
import type { FunctionPage, FunctionPageRequest, FunctionStore } from './function-store';
import type { Reservations } from './reservations';
import type { PackageStore, StoredPackage, Upload } from './package-store';
import { assertReservationCovers } from './provisioned-rules';
import { VersionService } from './version-service';

export interface FunctionServiceOptions {
  reservations: Pick<Reservations, 'assertPossible'>;
  store: FunctionStore;
  packages: PackageStore;
  runtimes: ReadonlyMap<string, RuntimeManifest>;
  region: string;
  clock: Clock;
  newRevisionId: () => string;
  logger: Logger;
  /** Asks the funclet to unpack a package before it is called for. */
  prepareCode: (sha256: string) => Promise<void>;
  /** Before settings are stored. @throws ServiceError EGRESS_FORBIDDEN */
  admitNetwork: (settings: Pick<FunctionConfiguration, 'Runtime' | 'NetworkMode' | 'MemorySize'>) => void;
}

/** How often an update is tried again when others update the same function at the same time. */
const ATTEMPTS = 5;

/** What can be done with functions; every method throws STORE_UNAVAILABLE when Redis is away. */
export class FunctionService {
  readonly versions: VersionService;
  readonly aliases: AliasService;
  readonly #options: FunctionServiceOptions;

  constructor(options: FunctionServiceOptions) {
    this.#options = options;
    this.versions = new VersionService(options);
    this.aliases = new AliasService(options);
  }

  get region(): string {
    return this.#options.region;
  }

  /** For an early answer, before an upload is read. @throws ServiceError INVALID_NAME, CONFLICT */
  async assertAbsent(accountId: string, functionName: string): Promise<void> {
    assertFunctionName(functionName);
    if ((await this.#options.store.get(accountId, functionName)) !== undefined) throw exists(functionName);
  }

  /** @throws ServiceError CONFLICT, VALIDATION_FAILED, RESERVED_ENV, EGRESS_FORBIDDEN and what {@link PackageStore.put} throws */
  async create(accountId: string, functionName: string, settings: FunctionSettings, upload: Upload): Promise<StoredFunction> {
    assertFunctionName(functionName);
    const checked = newSettings(settings, this.#options.runtimes);
    this.#options.admitNetwork(checked);
    const { ReservedConcurrentExecutions } = settings;
    await this.#options.reservations.assertPossible(accountId, functionName, ReservedConcurrentExecutions);
    const code = await this.#options.packages.put(upload);
    const created: StoredFunction = {
      accountId,
      configuration: {
        FunctionName: functionName,
        FunctionArn: functionArn({ region: this.#options.region, accountId }, functionName),
        Uid: accountId,
        Version: LATEST,
        ...checked,
        ...this.#codeFacts(code),
        ...this.#stamp(),
        CommitId: commitIdOf(checked, code.sha256),
        State: 'Active',
        StateReason: 'The package was checked and stored.',
      },
      concurrency: ReservedConcurrentExecutions === undefined ? {} : { ReservedConcurrentExecutions },
      code,
    };
    if (!(await this.#options.store.create(created))) throw exists(functionName);
    this.#prepare(code.sha256);
    return created;
  }

  /** @throws ServiceError FUNCTION_NOT_FOUND */
  async read(accountId: string, functionName: string): Promise<StoredFunction> {
    const found = await this.#options.store.get(accountId, functionName);
    if (found === undefined) throw functionNotFound(functionName);
    return found;
  }

  list(accountId: string, page: FunctionPageRequest): Promise<FunctionPage> {
    return this.#options.store.list(accountId, page);
  }

  /**
   * @param expectedRevisionId changes only that revision
   * @throws ServiceError FUNCTION_NOT_FOUND, PRECONDITION_FAILED and what {@link PackageStore.put} throws
   */
  async updateCode(accountId: string, functionName: string, upload: Upload, expectedRevisionId?: string): Promise<StoredFunction> {
    const code = await this.#options.packages.put(upload);
    const updated = await this.#update(accountId, functionName, expectedRevisionId, (current) => ({
      ...current,
      configuration: {
        ...current.configuration,
        ...this.#codeFacts(code),
        CommitId: commitIdOf(current.configuration, code.sha256),
      },
      code,
    }));
    this.#prepare(code.sha256);
    return updated;
  }

  /** @throws ServiceError FUNCTION_NOT_FOUND, PRECONDITION_FAILED, VALIDATION_FAILED, RESERVED_ENV, EGRESS_FORBIDDEN */
  async updateConfiguration(
    accountId: string,
    functionName: string,
    request: UpdateConfigurationRequest,
    expectedRevisionId?: string,
  ): Promise<StoredFunction> {
    await this.#options.reservations.assertPossible(accountId, functionName, request.ReservedConcurrentExecutions);
    return this.#update(accountId, functionName, expectedRevisionId, (current) => {
      const settings = changedSettings(current.configuration, request, this.#options.runtimes);
      this.#options.admitNetwork(settings);
      const { ReservedConcurrentExecutions } = request;
      assertReservationCovers(current.provisioned, ReservedConcurrentExecutions);
      return {
        ...current,
        configuration: { ...current.configuration, ...settings, CommitId: commitIdOf(settings, current.code.sha256) },
        concurrency: ReservedConcurrentExecutions === undefined ? current.concurrency : { ReservedConcurrentExecutions },
      };
    });
  }

  /** @throws ServiceError FUNCTION_NOT_FOUND, VALIDATION_FAILED when so much is not left to be reserved */
  async setConcurrency(accountId: string, functionName: string, concurrency: FunctionConcurrency): Promise<StoredFunction> {
    await this.#options.reservations.assertPossible(accountId, functionName, concurrency.ReservedConcurrentExecutions);
    return this.#update(accountId, functionName, undefined, (current) => {
      assertReservationCovers(current.provisioned, concurrency.ReservedConcurrentExecutions);
      return { ...current, concurrency };
    });
  }

  /** @param kept absent: nothing of the qualifier is kept warm any more @throws ServiceError FUNCTION_NOT_FOUND */
  setProvisioned(accountId: string, functionName: string, qualifier: string, kept: StoredProvisioned | undefined): Promise<StoredFunction> {
    return this.#update(accountId, functionName, undefined, ({ provisioned, ...current }) => {
      const others = Object.entries(provisioned ?? {}).filter(([of]) => of !== qualifier);
      const now = kept === undefined ? others : [...others, [qualifier, kept] as const];
      return now.length === 0 ? current : { ...current, provisioned: Object.fromEntries(now) };
    });
  }

  /** With all versions and aliases. Running calls finish. @throws ServiceError FUNCTION_NOT_FOUND, PRECONDITION_FAILED */
  async delete(accountId: string, functionName: string, expectedRevisionId?: string): Promise<void> {
    const outcome = await this.#options.store.delete(accountId, functionName, expectedRevisionId);
    if (outcome === 'missing') throw functionNotFound(functionName);
    if (outcome === 'stale') throw changedMeanwhile();
  }

  async #update(
    accountId: string,
    functionName: string,
    expectedRevisionId: string | undefined,
    change: (current: StoredFunction) => StoredFunction,
  ): Promise<StoredFunction> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const current = await this.read(accountId, functionName);
      const revisionId = current.configuration.RevisionId;
      if (expectedRevisionId !== undefined && expectedRevisionId !== revisionId) throw changedMeanwhile();
      const changed = change(current);
      const updated = { ...changed, configuration: { ...changed.configuration, ...this.#stamp() } };
      const outcome = await this.#options.store.replace(updated, revisionId);
      if (outcome === 'replaced') return updated;
      if (outcome === 'missing') throw functionNotFound(functionName);
    }
    throw new ServiceError('CONFLICT', `The function "${functionName}" is being updated by others all the time; try again.`);
  }

  #codeFacts({ sha256, sizeBytes }: StoredPackage): Pick<FunctionConfiguration, 'CodeSha256' | 'CodeSize'> {
    return { CodeSha256: Buffer.from(sha256, 'hex').toString('base64'), CodeSize: sizeBytes };
  }

  #stamp(): Pick<FunctionConfiguration, 'RevisionId' | 'LastModified'> {
    return { RevisionId: this.#options.newRevisionId(), LastModified: new Date(this.#options.clock.wallMs()).toISOString() };
  }

  /** Only spares the first call some time: a failure changes nothing else. */
  #prepare(codeSha256: string): void {
    this.#options.prepareCode(codeSha256).catch((error: unknown) => {
      this.#options.logger.warn('code could not be prepared ahead', { codeSha256, error });
    });
  }
}

function exists(functionName: string): ServiceError {
  return new ServiceError('CONFLICT', `A function "${functionName}" exists already; update its code or configuration, or delete it first.`);
}

function changedMeanwhile(): ServiceError {
  return new ServiceError('PRECONDITION_FAILED', 'The function was changed since that RevisionId: read it again and repeat the update.');
}
