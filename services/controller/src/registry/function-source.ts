import { randomUUID } from 'node:crypto';
import type { RuntimeManifest } from '@easyfaas/contracts/wire';
import type { Clock, Logger } from '@easyfaas/service-kit';
import type { FunctionStore } from '../functions/function-store';
import { RegistryClient } from './registry-client';
import type { RegistryConfig } from './registry-config';
import { RegistryDirectory } from './registry-directory';
import { RegistryFunctionStore } from './registry-function-store';
import { RegistryFunctions } from './registry-functions';
import { RegistryPackages } from './registry-packages';

/** Where functions come from. */
export interface FunctionSource {
  store: FunctionStore;
  /** undefined where functions are built in: then there is one over the store, and packages are uploaded. */
  directory: RegistryDirectory | undefined;
  registryPackages: RegistryPackages | undefined;
}

export interface FunctionSourceOptions {
  builtIn: FunctionStore;
  runtimes: ReadonlyMap<string, RuntimeManifest>;
  clock: Clock;
  logger: Logger;
}

/** @param config undefined: the built-in functions */
export function createFunctionSource(
  config: RegistryConfig | undefined,
  { builtIn, runtimes, clock, logger }: FunctionSourceOptions,
): FunctionSource {
  if (config === undefined) return { store: builtIn, directory: undefined, registryPackages: undefined };
  const client = new RegistryClient({ ...config, newRequestId: randomUUID });
  const functions = new RegistryFunctions({ client, runtimes });
  logger.info('functions come from a registry', { url: config.baseUrl });
  return {
    store: new RegistryFunctionStore(functions),
    directory: new RegistryDirectory({ ...config, functions, clock, logger }),
    registryPackages: new RegistryPackages({ client, functions, logger }),
  };
}
