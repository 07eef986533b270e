import { randomUUID } from 'node:crypto';
import type { RuntimeManifest, StoredFunction } from '@easyfaas/contracts/wire';
import type { Clock, Logger } from '@easyfaas/service-kit';
import type { FuncletClient } from '../clients/funclet-client';
import type { ControllerConfig } from '../config';
import type { SecretBox } from '../secrets/secret-box';
import { CachedFunctionDirectory } from './cached-function-directory';
import type { FunctionDirectory } from './function-directory';
import { FunctionService, type FunctionServiceOptions } from './function-service';
import type { FunctionStore } from './function-store';
import type { PackageStore } from './package-store';
import type { Reservations } from './reservations';
import { openSecrets } from './secret-service';
import { TypeScriptCompiler, installedEsbuild } from './typescript-compiler';

export interface FunctionManagementOptions {
  config: Pick<ControllerConfig, 'packageLimits' | 'region' | 'esbuild'>;
  store: FunctionStore;
  /** Instead of one over the store. */
  directory: FunctionDirectory | undefined;
  packages: PackageStore;
  runtimes: ReadonlyMap<string, RuntimeManifest>;
  funclet: Pick<FuncletClient, 'prepareCode'>;
  secretBox: SecretBox;
  reservations: Reservations;
  admitNetwork: FunctionServiceOptions['admitNetwork'];
  clock: Clock;
  logger: Logger;
}

/** Functions, their versions and packages: what the API changes and what the hot path reads. */
export interface FunctionManagement {
  directory: FunctionDirectory;
  service: FunctionService;
  typescript: TypeScriptCompiler;
  /** @throws ServiceError SECRET_UNREADABLE */
  secretsOf: (stored: StoredFunction) => Record<string, string>;
}

export function createFunctionManagement(options: FunctionManagementOptions): FunctionManagement {
  const { config, store, packages, runtimes, funclet, secretBox, reservations, admitNetwork, clock, logger } = options;
  const service = new FunctionService({
    store,
    packages,
    runtimes,
    region: config.region,
    clock,
    newRevisionId: randomUUID,
    logger,
    secretBox,
    unpackedBytesMax: config.packageLimits.unpackedBytes,
    prepareCode: (codeSha256, wish) => funclet.prepareCode(codeSha256, wish),
    reservations,
    admitNetwork,
  });
  return {
    directory:
      options.directory ??
      new CachedFunctionDirectory({
        store,
        clock,
        logger,
        random: Math.random,
        onUnsettled: (stored) => service.resume(stored),
      }),
    service,
    typescript: new TypeScriptCompiler(config.esbuild ?? installedEsbuild()),
    secretsOf: (stored) => openSecrets(secretBox, stored),
  };
}
