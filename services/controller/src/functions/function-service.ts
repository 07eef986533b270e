import type {
  FunctionConcurrency,
  FunctionConfiguration,
  RuntimeManifest,
  StoredFunction,
  StoredProvisioned,
  StoredLayerUse,
  UpdateConfigurationRequest,
} from '@easyfaas/contracts/wire';
import { ServiceError, type Clock, type Logger } from '@easyfaas/service-kit';
import { changedSettings, newSettings, type FunctionSettings } from './configuration';
import { AliasService } from './alias-service';
import { LATEST, assertFunctionName, functionArn, functionNotFound } from './function-name';
import { LayerService } from './layer-service';
import { FunctionUpdates, changedMeanwhile } from './function-updates';
import type { FunctionPage, FunctionPageRequest, FunctionStore } from './function-store';
import type { Reservations } from './reservations';
import type { PackageStore, StoredPackage, Upload } from './package-store';
import { assertReservationCovers } from './provisioned-rules';
import type { SecretBox } from '../secrets/secret-box';
import { SecretService } from './secret-service';
import { without } from './without';
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
  secretBox: SecretBox;
  /** Code and layers of a function together, unpacked. */
  unpackedBytesMax: number;
  /** Asks the funclet to unpack a package before it is called for. */
  prepareCode: (sha256: string) => Promise<void>;
  /** Before settings are stored. @throws ServiceError EGRESS_FORBIDDEN */
  admitNetwork: (settings: Pick<FunctionConfiguration, 'Runtime' | 'NetworkMode' | 'MemorySize'>) => void;
}

/** What can be done with functions; every method throws STORE_UNAVAILABLE when Redis is away. */
export class FunctionService {
  readonly versions: VersionService;
  readonly aliases: AliasService;
  readonly secrets: SecretService;
  readonly layers: LayerService;
  readonly #updates: FunctionUpdates;
  readonly #options: FunctionServiceOptions;

  constructor(options: FunctionServiceOptions) {
    this.#options = options;
    this.versions = new VersionService(options);
    this.aliases = new AliasService(options);
    this.#updates = new FunctionUpdates(options);
    this.layers = new LayerService({ ...options, layerStore: options.store.layers });
    this.secrets = new SecretService({ ...options, updates: this.#updates, box: options.secretBox });
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
    const layers = await this.layers.resolve(accountId, settings.Layers ?? [], checked.Runtime);
    const code = await this.#options.packages.put(upload);
    this.layers.assertSize({ code, layers });
    const created = this.#updates.stamped({
      accountId,
      configuration: {
        FunctionName: functionName,
        FunctionArn: functionArn({ region: this.#options.region, accountId }, functionName),
        Uid: accountId,
        Version: LATEST,
        ...checked,
        ...layersView(layers),
        ...this.#codeFacts(code),
        // Set by `stamped`.
        CommitId: '',
        RevisionId: '',
        LastModified: '',
        State: 'Active',
        StateReason: 'The package was checked and stored.',
      },
      concurrency: ReservedConcurrentExecutions === undefined ? {} : { ReservedConcurrentExecutions },
      code,
      ...(layers.length === 0 ? {} : { layers }),
    });
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
    const updated = await this.#updates.update({ accountId, functionName }, expectedRevisionId, (current) => {
      const updated = { ...current, configuration: { ...current.configuration, ...this.#codeFacts(code) }, code };
      this.layers.assertSize(updated);
      return updated;
    });
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
    const layers = await this.#layersOf(accountId, functionName, request);
    return this.#updates.update({ accountId, functionName }, expectedRevisionId, (current) => {
      const settings = changedSettings(current.configuration, request, this.#options.runtimes);
      this.#options.admitNetwork(settings);
      const { ReservedConcurrentExecutions } = request;
      assertReservationCovers(current.provisioned, ReservedConcurrentExecutions);
      const updated = {
        ...current,
        configuration: { ...current.configuration, ...settings },
        concurrency: ReservedConcurrentExecutions === undefined ? current.concurrency : { ReservedConcurrentExecutions },
      };
      if (layers === undefined) return updated;
      const layered = withLayers(updated, layers);
      this.layers.assertSize(layered);
      return layered;
    });
  }

  /** @returns undefined when the request leaves the layers as they are */
  async #layersOf(accountId: string, functionName: string, request: UpdateConfigurationRequest): Promise<StoredLayerUse[] | undefined> {
    if (request.Layers === undefined) return undefined;
    const current = await this.read(accountId, functionName);
    return this.layers.resolve(accountId, request.Layers, request.Runtime ?? current.configuration.Runtime, current.layers);
  }

  /** @throws ServiceError FUNCTION_NOT_FOUND, VALIDATION_FAILED when so much is not left to be reserved */
  async setConcurrency(accountId: string, functionName: string, concurrency: FunctionConcurrency): Promise<StoredFunction> {
    await this.#options.reservations.assertPossible(accountId, functionName, concurrency.ReservedConcurrentExecutions);
    return this.#updates.update({ accountId, functionName }, undefined, (current) => {
      assertReservationCovers(current.provisioned, concurrency.ReservedConcurrentExecutions);
      return { ...current, concurrency };
    });
  }

  /** @param kept absent: nothing of the qualifier is kept warm any more @throws ServiceError FUNCTION_NOT_FOUND */
  setProvisioned(accountId: string, functionName: string, qualifier: string, kept: StoredProvisioned | undefined): Promise<StoredFunction> {
    return this.#updates.update({ accountId, functionName }, undefined, ({ provisioned, ...current }) => {
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

  #codeFacts({ sha256, sizeBytes }: StoredPackage): Pick<FunctionConfiguration, 'CodeSha256' | 'CodeSize'> {
    return { CodeSha256: Buffer.from(sha256, 'hex').toString('base64'), CodeSize: sizeBytes };
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

function withLayers(before: StoredFunction, layers: StoredLayerUse[]): StoredFunction {
  const stored = without(before, 'layers');
  return {
    ...stored,
    configuration: { ...without(stored.configuration, 'Layers'), ...layersView(layers) },
    ...(layers.length === 0 ? {} : { layers }),
  };
}

function layersView(layers: readonly StoredLayerUse[]): Pick<FunctionConfiguration, 'Layers'> {
  return layers.length === 0 ? {} : { Layers: layers.map(({ arn, sizeBytes }) => ({ Arn: arn, CodeSize: sizeBytes })) };
}
