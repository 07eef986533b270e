import { ServiceError, SingleFlight, type Logger } from '@easyfaas/service-kit';
import type { DiskPackageStore } from '../functions/disk-package-store';
import type { RegistryClient } from './registry-client';
import { invalidAnswer } from './registry-client';
import type { RegistryFunctions } from './registry-functions';

export interface RegistryPackagesOptions {
  client: Pick<RegistryClient, 'code'>;
  functions: Pick<RegistryFunctions, 'placeOf'>;
  logger: Logger;
}

/** Fetches packages from where a registry says they are; size, hash and content are checked before anybody sees them. */
export class RegistryPackages {
  readonly #options: RegistryPackagesOptions;
  readonly #fetches = new SingleFlight<void>();

  constructor(options: RegistryPackagesOptions) {
    this.#options = options;
  }

  /** @throws ServiceError REGISTRY_UNAVAILABLE, REGISTRY_INVALID, PACKAGE_MISSING, DISK_FULL */
  async ensure(sha256: string, disk: Pick<DiskPackageStore, 'has' | 'put'>): Promise<void> {
    if (!(await disk.has(sha256))) await this.#fetches.run(sha256, () => this.#fetch(sha256, disk));
  }

  async #fetch(sha256: string, disk: Pick<DiskPackageStore, 'put'>): Promise<void> {
    const place = this.#options.functions.placeOf(sha256);
    if (place === undefined)
      throw new ServiceError('PACKAGE_MISSING', `The registry has not said where the package ${sha256} is; call again.`);
    try {
      const { sizeBytes } = await disk.put({ bytes: this.#options.client.code(place.location, place.answerUrl), sha256 });
      this.#options.logger.info('package fetched from the registry', { sha256, sizeBytes });
    } catch (error) {
      if (error instanceof ServiceError && error.definition.fault === 'caller') {
        throw invalidAnswer('Code.Location', `has a package that is refused: ${error.message}`, error);
      }
      throw error;
    }
  }
}
