import type { ProvisionedConcurrency, StoredFunction } from '@easyfaas/contracts/wire';
import { ServiceError, type Clock } from '@easyfaas/service-kit';
import type { FunctionDirectory } from './function-directory';
import type { FunctionService } from './function-service';
import { assertProvisionable, executionsOf } from './provisioned-rules';

/** What keeps the containers, seen from here. */
export interface ProvisionedKeeper {
  view(accountId: string, functionName: string, qualifier: string): ProvisionedConcurrency | undefined;
  /** What is kept of everything but the one named. */
  total(
    except: { accountId: string; functionName: string; qualifier: string },
    overheadMb: number,
  ): { memoryMb: number; containers: number };
  refresh(accountId: string, functionName: string): Promise<void>;
}

export interface ProvisionedServiceOptions {
  functions: Pick<FunctionService, 'read' | 'setProvisioned'>;
  directory: Pick<FunctionDirectory, 'find'>;
  keeper: ProvisionedKeeper;
  clock: Clock;
  accountLimit: number;
  poolMax: number;
  budget: () => { memoryMb: number; overheadMb: number } | undefined;
}

export interface QualifiedName {
  accountId: string;
  functionName: string;
  qualifier: string;
}

/** Provisioned concurrency as the API offers it. Every method throws STORE_UNAVAILABLE when Redis is away. */
export class ProvisionedService {
  readonly #options: ProvisionedServiceOptions;

  constructor(options: ProvisionedServiceOptions) {
    this.#options = options;
  }

  /** @throws ServiceError FUNCTION_NOT_FOUND, VALIDATION_FAILED when so much can never be kept warm */
  async put(name: QualifiedName, executions: number): Promise<ProvisionedConcurrency> {
    const { functions, directory, keeper, clock, accountLimit, poolMax, budget } = this.#options;
    const { accountId, functionName, qualifier } = name;
    const [latest, target] = await Promise.all([
      functions.read(accountId, functionName),
      directory.find(accountId, functionName, qualifier),
    ]);
    const { MemorySize, PodConcurrentQuota } = target.configuration;
    const node = budget();
    assertProvisionable({
      executions,
      otherExecutions: executionsOf(latest.provisioned, qualifier),
      concurrency: PodConcurrentQuota,
      memoryMb: MemorySize,
      reserved: latest.concurrency.ReservedConcurrentExecutions,
      accountLimit,
      others: keeper.total(name, node?.overheadMb ?? 0),
      budget: node,
      poolMax,
    });
    const LastModified = new Date(clock.wallMs()).toISOString();
    const stored = await functions.setProvisioned(accountId, functionName, qualifier, {
      ProvisionedConcurrentExecutions: executions,
      LastModified,
    });
    await keeper.refresh(accountId, functionName);
    return this.#view(name, stored);
  }

  /** @throws ServiceError FUNCTION_NOT_FOUND, PROVISIONED_NOT_FOUND */
  async read(name: QualifiedName): Promise<ProvisionedConcurrency> {
    return this.#view(name, await this.#options.functions.read(name.accountId, name.functionName));
  }

  /** By qualifier. @throws ServiceError FUNCTION_NOT_FOUND */
  async list(accountId: string, functionName: string): Promise<[string, ProvisionedConcurrency][]> {
    const stored = await this.#options.functions.read(accountId, functionName);
    return Object.keys(stored.provisioned ?? {}).map((qualifier) => [
      qualifier,
      this.#view({ accountId, functionName, qualifier }, stored),
    ]);
  }

  /** Its containers go when they are idle for long enough. @throws ServiceError FUNCTION_NOT_FOUND, PROVISIONED_NOT_FOUND */
  async delete(name: QualifiedName): Promise<void> {
    const { functions, keeper } = this.#options;
    const { accountId, functionName, qualifier } = name;
    await this.read(name);
    await functions.setProvisioned(accountId, functionName, qualifier, undefined);
    await keeper.refresh(accountId, functionName);
  }

  #view({ accountId, functionName, qualifier }: QualifiedName, { provisioned }: StoredFunction): ProvisionedConcurrency {
    const kept = provisioned?.[qualifier];
    if (kept === undefined)
      throw new ServiceError('PROVISIONED_NOT_FOUND', `Nothing is kept warm of ${functionName}:${qualifier}; PUT sets a number.`);
    return (
      this.#options.keeper.view(accountId, functionName, qualifier) ?? {
        RequestedProvisionedConcurrentExecutions: kept.ProvisionedConcurrentExecutions,
        AvailableProvisionedConcurrentExecutions: 0,
        AllocatedProvisionedConcurrentExecutions: 0,
        Status: 'IN_PROGRESS',
        LastModified: kept.LastModified,
      }
    );
  }
}
