import type { AliasConfiguration, AliasRoutingConfig, CreateAliasRequest, UpdateAliasRequest } from '@easyfaas/contracts/wire';
import { LIMITS } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import { invalidField } from '../invalid-field';
import { LATEST, VERSION_NUMBER, functionArn, functionNotFound } from './function-name';
import type { FunctionStore } from './function-store';
import type { UrlPermissions } from './url-permissions';
import type { FunctionKey } from './version-store';

export interface AliasServiceOptions {
  store: FunctionStore;
  region: string;
  newRevisionId: () => string;
  /** What is said of the function URLs of aliases. */
  urlPermissions: Pick<UrlPermissions, 'removeAll'>;
}

/** Names that point to versions. Every method throws STORE_UNAVAILABLE when Redis is away. */
export class AliasService {
  readonly #options: AliasServiceOptions;

  constructor(options: AliasServiceOptions) {
    this.#options = options;
  }

  /** @throws ServiceError FUNCTION_NOT_FOUND, CONFLICT, VALIDATION_FAILED */
  async create(key: FunctionKey, request: CreateAliasRequest): Promise<AliasConfiguration> {
    const { region, newRevisionId } = this.#options;
    const { Name, FunctionVersion, Description = '', RoutingConfig } = request;
    const alias = withRouting(
      {
        AliasArn: functionArn({ region, accountId: key.accountId }, key.functionName, Name),
        Name,
        FunctionVersion,
        Description,
        RevisionId: newRevisionId(),
      },
      RoutingConfig,
    );
    return this.#put(key, alias, undefined);
  }

  /** @throws ServiceError FUNCTION_NOT_FOUND, ALIAS_NOT_FOUND */
  async read(key: FunctionKey, name: string): Promise<AliasConfiguration> {
    const found = await this.#options.store.versions.getAlias(key, name);
    if (found !== undefined) return found;
    await this.#assertFunction(key);
    throw aliasNotFound(key, name);
  }

  /** In order of their names. @throws ServiceError FUNCTION_NOT_FOUND */
  async list(key: FunctionKey): Promise<AliasConfiguration[]> {
    await this.#assertFunction(key);
    return this.#options.store.versions.aliases(key);
  }

  /**
   * The next call of the alias goes where it points then, on every machine.
   * @throws ServiceError FUNCTION_NOT_FOUND, ALIAS_NOT_FOUND, PRECONDITION_FAILED, VALIDATION_FAILED
   */
  async update(key: FunctionKey, name: string, request: UpdateAliasRequest, expectedRevisionId?: string): Promise<AliasConfiguration> {
    const { RoutingConfig: routing, ...current } = await this.read(key, name);
    if (expectedRevisionId !== undefined && expectedRevisionId !== current.RevisionId) throw changedMeanwhile();
    const { FunctionVersion = current.FunctionVersion, Description = current.Description } = request;
    const changed = { ...current, FunctionVersion, Description, RevisionId: this.#options.newRevisionId() };
    return this.#put(key, withRouting(changed, request.RoutingConfig ?? routing), current.RevisionId);
  }

  /** @throws ServiceError FUNCTION_NOT_FOUND, ALIAS_NOT_FOUND, PRECONDITION_FAILED */
  async delete(key: FunctionKey, name: string, expectedRevisionId?: string): Promise<void> {
    const outcome = await this.#options.store.versions.deleteAlias(key, name, expectedRevisionId);
    if (outcome === 'stale') throw changedMeanwhile();
    if (outcome === 'deleted') return this.#options.urlPermissions.removeAll({ ...key, qualifier: name });
    await this.#assertFunction(key);
    throw aliasNotFound(key, name);
  }

  async #put(key: FunctionKey, alias: AliasConfiguration, expectedRevisionId: string | undefined): Promise<AliasConfiguration> {
    const outcome = await this.#options.store.versions.putAlias(key, alias, expectedRevisionId);
    switch (outcome) {
      case 'written':
        return alias;
      case 'no function':
        throw functionNotFound(key.functionName);
      case 'no version': {
        const named = [alias.FunctionVersion, ...Object.keys(alias.RoutingConfig?.AdditionalVersionWeights ?? {})].join(' and ');
        throw invalidField('FunctionVersion', `An alias needs published versions; of ${named} not all exist. Publish first.`);
      }
      case 'exists':
        throw new ServiceError('CONFLICT', `The alias "${alias.Name}" exists already; update it instead.`);
      case 'full':
        throw new ServiceError('CONFLICT', `The function has ${LIMITS.aliasesPerFunction} aliases, the limit; delete one first.`);
      case 'missing':
        throw aliasNotFound(key, alias.Name);
      case 'stale':
        throw changedMeanwhile();
    }
  }

  async #assertFunction({ accountId, functionName }: FunctionKey): Promise<void> {
    if ((await this.#options.store.get(accountId, functionName)) === undefined) throw functionNotFound(functionName);
  }
}

/** @throws ServiceError VALIDATION_FAILED when the weights are not those of one further published version */
function withRouting(
  alias: Omit<AliasConfiguration, 'RoutingConfig'>,
  routing: Partial<AliasRoutingConfig> | undefined,
): AliasConfiguration {
  const weights = routing?.AdditionalVersionWeights ?? {};
  const versions = Object.keys(weights);
  if (versions.length === 0) return alias;
  const field = 'RoutingConfig.AdditionalVersionWeights';
  if (versions.length > 1)
    throw invalidField(field, `${field} names ${versions.length} versions; an alias can share its calls with one further version.`);
  if (!versions.every((version) => VERSION_NUMBER.test(version))) {
    throw invalidField(field, `${field} must name the number of a published version, such as {"2": 0.1}.`);
  }
  if (alias.FunctionVersion === LATEST)
    throw invalidField(field, `${field}: calls can be shared between published versions only, not with $LATEST.`);
  if (versions[0] === alias.FunctionVersion) throw invalidField(field, `${field} names the alias's own version; name the other one.`);
  return { ...alias, RoutingConfig: { AdditionalVersionWeights: weights } };
}

function aliasNotFound({ functionName }: FunctionKey, name: string): ServiceError {
  return new ServiceError('ALIAS_NOT_FOUND', `The function "${functionName}" has no alias "${name}".`);
}

function changedMeanwhile(): ServiceError {
  return new ServiceError('PRECONDITION_FAILED', 'The alias was changed since that RevisionId: read it again and repeat.');
}
