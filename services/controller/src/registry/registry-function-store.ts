import type { StoredFunction } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import type { FunctionStore } from '../functions/function-store';
import type { LayerStore } from '../functions/layer-store';
import type { VersionStore } from '../functions/version-store';
import type { RegistryFunctions } from './registry-functions';

const NOTHING: (listener: unknown) => void = () => undefined;

/** A registry in the place of the store: functions can be read, and are managed there. Of a registry there are no lists. */
export class RegistryFunctionStore implements FunctionStore {
  readonly versions: VersionStore;
  readonly layers: LayerStore = {
    add: refuse,
    get: async () => undefined,
    versions: async () => [],
    list: async () => ({ layers: [] }),
    delete: async () => false,
  };
  readonly #functions: RegistryFunctions;

  constructor(functions: RegistryFunctions) {
    this.#functions = functions;
    this.versions = {
      get: ({ accountId, functionName }, qualifier) => functions.find({ accountId, functionName, qualifier }),
      list: refuse,
      publishState: refuse,
      add: refuse,
      delete: refuse,
      aliases: refuse,
      // The registry knows what an alias means: it is read like a version.
      getAlias: async () => undefined,
      putAlias: refuse,
      deleteAlias: refuse,
      onChange: NOTHING,
    };
  }

  get(accountId: string, functionName: string): Promise<StoredFunction | undefined> {
    return this.#functions.find({ accountId, functionName, qualifier: '$LATEST' });
  }

  create = refuse;
  replace = refuse;
  delete = refuse;
  list = refuse;
  onChange = NOTHING;
  onGap = NOTHING;

  async reservations(): Promise<ReadonlyMap<string, number>> {
    return new Map();
  }

  async *provisioned(): AsyncGenerator<StoredFunction> {
    // A registry has no such setting.
  }

  async *packagesInUse(): AsyncGenerator<string> {
    yield* this.#functions.packages();
  }
}

async function refuse(): Promise<never> {
  throw new ServiceError(
    'NOT_SUPPORTED',
    'Functions are managed by the registry that EASYFAAS_REGISTRY_URL names, and not here: do this there. Calls, triggers and records are here.',
  );
}
