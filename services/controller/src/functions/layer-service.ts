import {
  LIMITS,
  type LayerVersionView,
  type RuntimeManifest,
  type StoredFunction,
  type StoredLayerUse,
  type StoredLayerVersion,
} from '@easyfaas/contracts/wire';
import { ServiceError, type Clock } from '@easyfaas/service-kit';
import { invalidField } from '../invalid-field';
import { assertLayerName, layerArn, parseLayerReference } from './layer-name';
import type { LayerKey, LayerStore, NumberedLayer } from './layer-store';
import type { PackageStore, Upload } from './package-store';

export interface LayerServiceOptions {
  layerStore: LayerStore;
  packages: PackageStore;
  runtimes: ReadonlyMap<string, RuntimeManifest>;
  region: string;
  clock: Clock;
  /** Code and layers of a function together, unpacked. */
  unpackedBytesMax: number;
}

/** What a user says of a layer version besides its content. */
export interface LayerSettings {
  Description?: string;
  CompatibleRuntimes?: string[];
}

/** Layers: packages that functions of one account share. Every method throws STORE_UNAVAILABLE when Redis is away. */
export class LayerService {
  readonly #options: LayerServiceOptions;

  constructor(options: LayerServiceOptions) {
    this.#options = options;
  }

  /** @throws ServiceError VALIDATION_FAILED, CONFLICT (limit) and what {@link PackageStore.put} throws */
  async publish(key: LayerKey, { Description = '', CompatibleRuntimes = [] }: LayerSettings, upload: Upload): Promise<LayerVersionView> {
    assertLayerName(key.layerName);
    this.#assertRuntimes(CompatibleRuntimes);
    const { packages, layerStore, clock } = this.#options;
    const { sha256, sizeBytes, unpackedBytes } = await packages.put(upload);
    const stored: StoredLayerVersion = {
      accountId: key.accountId,
      layerName: key.layerName,
      description: Description,
      compatibleRuntimes: CompatibleRuntimes,
      sha256,
      sizeBytes,
      unpackedBytes,
      createdDate: new Date(clock.wallMs()).toISOString(),
    };
    const version = await layerStore.add(stored);
    if (version !== 'full') return this.#view({ version, stored });
    throw new ServiceError('CONFLICT', `The layer "${key.layerName}" has ${LIMITS.versionsPerFunction} versions, the limit; delete some.`);
  }

  /** @throws ServiceError LAYER_NOT_FOUND */
  async read(key: LayerKey, version: number): Promise<LayerVersionView> {
    const stored = await this.#options.layerStore.get(key, version);
    if (stored === undefined) throw layerNotFound(key.layerName, version);
    return this.#view({ version, stored });
  }

  /** Latest first; none of a layer that does not exist. */
  async versions(key: LayerKey): Promise<LayerVersionView[]> {
    return (await this.#options.layerStore.versions(key)).map((layer) => this.#view(layer));
  }

  /** Each layer with its latest version. */
  async list(accountId: string, page: { marker?: string; limit: number }): Promise<{ layers: LayerVersionView[]; nextMarker?: string }> {
    const { layers, ...rest } = await this.#options.layerStore.list(accountId, page);
    return { ...rest, layers: layers.map((layer) => this.#view(layer)) };
  }

  /** Functions that have it keep it. @throws ServiceError LAYER_NOT_FOUND */
  async delete(key: LayerKey, version: number): Promise<void> {
    if (!(await this.#options.layerStore.delete(key, version))) throw layerNotFound(key.layerName, version);
  }

  /**
   * The layers that a function names.
   * @param current what the function has already: of these none needs to exist any more
   * @throws ServiceError VALIDATION_FAILED, LAYER_NOT_FOUND
   */
  async resolve(
    accountId: string,
    names: readonly string[],
    runtime: string,
    current: readonly StoredLayerUse[] = [],
  ): Promise<StoredLayerUse[]> {
    const owner = { accountId, region: this.#options.region };
    const uses: StoredLayerUse[] = [];
    for (const name of names) {
      const { layerName, version } = parseLayerReference(name, owner);
      const arn = `${layerArn(owner, layerName)}:${version}`;
      if (uses.some((use) => use.arn === arn)) throw invalidField('Layers', `Layers names ${layerName}:${version} twice.`);
      uses.push(current.find((use) => use.arn === arn) ?? (await this.#use({ accountId, layerName }, version, arn, runtime)));
    }
    return uses;
  }

  /** @throws ServiceError PACKAGE_TOO_LARGE when code and layers together are over the limit */
  assertSize({ code, layers = [] }: Pick<StoredFunction, 'code' | 'layers'>): void {
    const max = this.#options.unpackedBytesMax;
    const codeBytes = code.unpackedBytes ?? 0;
    const layerBytes = layers.reduce((sum, { unpackedBytes }) => sum + unpackedBytes, 0);
    if (codeBytes + layerBytes <= max || layers.length === 0) return;
    throw new ServiceError(
      'PACKAGE_TOO_LARGE',
      `The code has ${codeBytes} bytes unpacked and its layers ${layerBytes}, together over ${max}, the limit.`,
    );
  }

  async #use(key: LayerKey, version: number, arn: string, runtime: string): Promise<StoredLayerUse> {
    const stored = await this.#options.layerStore.get(key, version);
    if (stored === undefined) throw layerNotFound(key.layerName, version);
    const { compatibleRuntimes, sha256, sizeBytes, unpackedBytes } = stored;
    if (compatibleRuntimes.length > 0 && !compatibleRuntimes.includes(runtime)) {
      throw invalidField(
        'Layers',
        `The layer ${key.layerName}:${version} is for ${compatibleRuntimes.join(', ')}, the function's Runtime is ${runtime}.`,
      );
    }
    return { arn, sha256, sizeBytes, unpackedBytes };
  }

  #assertRuntimes(names: readonly string[]): void {
    const unknown = names.find((name) => !this.#options.runtimes.has(name));
    if (unknown === undefined) return;
    const known = [...this.#options.runtimes.keys()].sort().join(', ');
    throw invalidField('CompatibleRuntimes', `CompatibleRuntimes: "${unknown}" does not exist here; there are: ${known}.`);
  }

  #view({ version, stored }: NumberedLayer): LayerVersionView {
    const { accountId, layerName, description, compatibleRuntimes, sha256, sizeBytes, unpackedBytes, createdDate } = stored;
    const arn = layerArn({ accountId, region: this.#options.region }, layerName);
    return {
      LayerName: layerName,
      LayerArn: arn,
      LayerVersionArn: `${arn}:${version}`,
      Version: version,
      Description: description,
      CompatibleRuntimes: compatibleRuntimes,
      CreatedDate: createdDate,
      Content: { CodeSha256: Buffer.from(sha256, 'hex').toString('base64'), CodeSize: sizeBytes, UnpackedSize: unpackedBytes },
    };
  }
}

function layerNotFound(layerName: string, version: number): ServiceError {
  return new ServiceError('LAYER_NOT_FOUND', `No layer version "${layerName}:${version}" in this account.`);
}
