import type {
  FunctionConcurrency,
  FunctionConfiguration,
  RuntimeManifest,
  StoredFunction,
  StoredProvisioned,
  StoredLayerUse,
  UpdateConfigurationRequest,
  PrepareCodeRequest,
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
import { PENDING, withUnsettledCode } from './settlement-rules';
import { Settlements } from './settlements';
import { hasTag, type TagFilter } from './tag-rules';
import { TagService } from './tag-service';
import { UrlPermissions } from './url-permissions';
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
  /** Asks the funclet to unpack code and layers before they are called for. */
  prepareCode: (codeSha256: string, wish: PrepareCodeRequest) => Promise<void>;
  /** Before settings are stored. @throws ServiceError EGRESS_FORBIDDEN */
  admitNetwork: (settings: Pick<FunctionConfiguration, 'Runtime' | 'NetworkMode' | 'MemorySize' | 'EphemeralStorage'>) => void;
}

/** How long a deployment is waited for; unpacking takes 50 ms, of a package at all limits some seconds. */
const SETTLED_MS = 5000;
/** Functions read at a time, and at most, for one page of those with a tag. */
const PAGE = 100;
const LOOKED_AT_MAX = 1000;

/** What can be done with functions; every method throws STORE_UNAVAILABLE when Redis is away. */
export class FunctionService {
  readonly versions: VersionService;
  readonly aliases: AliasService;
  readonly secrets: SecretService;
  readonly layers: LayerService;
  readonly tags: TagService;
  readonly urlPermissions: UrlPermissions;
  readonly #settlements: Settlements;
  readonly #updates: FunctionUpdates;
  readonly #options: FunctionServiceOptions;

  constructor(options: FunctionServiceOptions) {
    this.#options = options;
    this.versions = new VersionService(options);
    this.#settlements = new Settlements(options);
    this.#updates = new FunctionUpdates({ ...options, settlements: this.#settlements });
    this.tags = new TagService({ updates: this.#updates });
    this.urlPermissions = new UrlPermissions({ store: options.store, updates: this.#updates });
    this.aliases = new AliasService({ ...options, urlPermissions: this.urlPermissions });
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

  /**
   * @returns the function as it is stored, Pending; see {@link settled}
   * @throws ServiceError CONFLICT, VALIDATION_FAILED, RESERVED_ENV, EGRESS_FORBIDDEN and what {@link PackageStore.put} throws
   */
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
        ...PENDING,
      },
      concurrency: ReservedConcurrentExecutions === undefined ? {} : { ReservedConcurrentExecutions },
      code,
      ...(layers.length === 0 ? {} : { layers }),
    });
    if (!(await this.#options.store.create(created))) throw exists(functionName);
    this.#settlements.start(created);
    return created;
  }

  /** The function once its code is unpacked or has failed to be, or as it is after `waitMs`. */
  settled(stored: StoredFunction, waitMs = SETTLED_MS): Promise<StoredFunction> {
    return this.#settlements.settled(stored, waitMs);
  }

  /** Takes up what a controller that died has left Pending. */
  resume(stored: StoredFunction): void {
    this.#settlements.resume(stored);
  }

  /** @throws ServiceError FUNCTION_NOT_FOUND */
  async read(accountId: string, functionName: string): Promise<StoredFunction> {
    const found = await this.#options.store.get(accountId, functionName);
    if (found === undefined) throw functionNotFound(functionName);
    this.resume(found);
    return found;
  }

  /** @param tag only functions that have it: a page may have fewer than its limit, and others after it */
  async list(accountId: string, page: FunctionPageRequest, tag?: TagFilter): Promise<FunctionPage> {
    const { store } = this.#options;
    if (tag === undefined) return store.list(accountId, page);
    const functions: StoredFunction[] = [];
    let marker = page.marker;
    for (let looked = 0; looked < LOOKED_AT_MAX; looked += PAGE) {
      const next = await store.list(accountId, { limit: PAGE, ...(marker === undefined ? {} : { marker }) });
      for (const each of next.functions) {
        if (!hasTag(each.configuration.Tags, tag)) continue;
        if (functions.length === page.limit) return { functions, nextMarker: functions.at(-1)?.configuration.FunctionName ?? '' };
        functions.push(each);
      }
      marker = next.nextMarker;
      if (marker === undefined) return { functions };
    }
    return { functions, ...(marker === undefined ? {} : { nextMarker: marker }) };
  }

  /**
   * @param expectedRevisionId changes only that revision
   * @throws ServiceError FUNCTION_NOT_FOUND, PRECONDITION_FAILED and what {@link PackageStore.put} throws
   */
  async updateCode(accountId: string, functionName: string, upload: Upload, expectedRevisionId?: string): Promise<StoredFunction> {
    const code = await this.#options.packages.put(upload);
    return this.#updates.update({ accountId, functionName }, expectedRevisionId, (current) => {
      const updated = { ...current, configuration: { ...current.configuration, ...this.#codeFacts(code) }, code };
      this.layers.assertSize(updated);
      return withUnsettledCode(updated);
    });
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
      return withUnsettledCode(layered);
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
