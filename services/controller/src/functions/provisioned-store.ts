import type { StoredFunction } from '@easyfaas/contracts/wire';
import type { FunctionStore } from './function-store';

/** Where it is kept which functions are kept warm. Every method throws STORE_UNAVAILABLE when the store does not answer. */
export interface ProvisionedStore {
  get(accountId: string, functionName: string): Promise<StoredFunction | undefined>;
  /** Functions of all accounts of which something is kept warm. */
  provisioned(): AsyncIterable<StoredFunction>;
  /** The version that an alias points to first. */
  versionOf(accountId: string, functionName: string, alias: string): Promise<string | undefined>;
}

export function provisionedStore(store: FunctionStore): ProvisionedStore {
  return {
    get: (accountId, functionName) => store.get(accountId, functionName),
    provisioned: () => store.provisioned(),
    versionOf: async (accountId, functionName, alias) =>
      (await store.versions.getAlias({ accountId, functionName }, alias))?.FunctionVersion,
  };
}
