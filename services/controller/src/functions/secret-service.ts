import { LIMITS, type SecretView, type StoredFunction, type StoredSecret } from '@easyfaas/contracts/wire';
import { ServiceError, type Clock } from '@easyfaas/service-kit';
import { invalidField } from '../invalid-field';
import type { SecretBox } from '../secrets/secret-box';
import { checkVariableName } from './environment-rules';
import { functionNotFound } from './function-name';
import type { FunctionStore } from './function-store';
import type { FunctionUpdates } from './function-updates';
import type { FunctionKey } from './version-store';
import { without } from './without';

export interface SecretServiceOptions {
  store: FunctionStore;
  updates: FunctionUpdates;
  box: SecretBox;
  clock: Clock;
}

/**
 * Secrets of functions: written, exchanged, deleted, never read. They last sealed, within the function's document, and are opened
 * when a container is told what to load.
 */
export class SecretService {
  readonly #options: SecretServiceOptions;

  constructor(options: SecretServiceOptions) {
    this.#options = options;
  }

  /** Containers of the function, of all its versions, are made anew. @throws ServiceError FUNCTION_NOT_FOUND, VALIDATION_FAILED, RESERVED_ENV */
  async put(key: FunctionKey, name: string, value: string): Promise<SecretView> {
    checkVariableName('name', name);
    checkValue(value);
    const { box, clock, updates } = this.#options;
    const secret: StoredSecret = {
      sealed: box.seal(value, placeOf(key, name)),
      bytes: Buffer.byteLength(JSON.stringify({ [name]: value })),
      lastModified: new Date(clock.wallMs()).toISOString(),
    };
    await updates.update(key, undefined, (current) => {
      const secrets = { ...current.secrets, [name]: secret };
      checkTotal(secrets);
      return { ...current, secrets };
    });
    return viewOf(name, secret);
  }

  /** In order of their names. @throws ServiceError FUNCTION_NOT_FOUND */
  async list(key: FunctionKey): Promise<SecretView[]> {
    const secrets = Object.entries(await this.#secretsOf(key));
    return secrets.map(([name, secret]) => viewOf(name, secret)).sort((a, b) => (a.Name < b.Name ? -1 : 1));
  }

  /** @throws ServiceError FUNCTION_NOT_FOUND, SECRET_NOT_FOUND */
  async read(key: FunctionKey, name: string): Promise<SecretView> {
    const secrets = await this.#secretsOf(key);
    const found = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
    if (found === undefined) throw secretNotFound(key, name);
    return viewOf(name, found);
  }

  /** @throws ServiceError FUNCTION_NOT_FOUND, SECRET_NOT_FOUND */
  async delete(key: FunctionKey, name: string): Promise<void> {
    await this.#options.updates.update(key, undefined, ({ secrets = {}, ...current }) => {
      if (!Object.hasOwn(secrets, name)) throw secretNotFound(key, name);
      const rest = without(secrets, name);
      return Object.keys(rest).length === 0 ? current : { ...current, secrets: rest };
    });
  }

  async #secretsOf({ accountId, functionName }: FunctionKey): Promise<Record<string, StoredSecret>> {
    const stored = await this.#options.store.get(accountId, functionName);
    if (stored === undefined) throw functionNotFound(functionName);
    return stored.secrets ?? {};
  }
}

/**
 * The secrets of a function as environment variables.
 * @throws ServiceError SECRET_UNREADABLE
 */
export function openSecrets(box: SecretBox, { accountId, configuration, secrets = {} }: StoredFunction): Record<string, string> {
  const key = { accountId, functionName: configuration.FunctionName };
  return Object.fromEntries(Object.entries(secrets).map(([name, { sealed }]) => [name, box.open(sealed, placeOf(key, name))]));
}

/** Authenticated with each secret: one that is copied to another function does not open there. */
function placeOf({ accountId, functionName }: FunctionKey, name: string): string {
  return `function/${accountId}/${functionName}/${name}`;
}

function viewOf(Name: string, { lastModified }: StoredSecret): SecretView {
  return { Name, LastModified: lastModified };
}

function checkValue(value: string): void {
  if (value === '') throw invalidField('Value', 'Value is empty; DELETE takes a secret away.');
  if (value.includes('\0')) throw invalidField('Value', 'Value contains a NUL, which no process environment can hold.');
}

function checkTotal(secrets: Readonly<Record<string, StoredSecret>>): void {
  const all = Object.values(secrets);
  if (all.length > LIMITS.secretsPerFunction) {
    throw invalidField('name', `The function has ${LIMITS.secretsPerFunction} secrets, the limit; delete one first.`);
  }
  const total = all.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total <= LIMITS.secretBytes) return;
  throw invalidField('Value', `The function's secrets would have ${total} bytes as JSON together, the limit is ${LIMITS.secretBytes}.`);
}

function secretNotFound({ functionName }: FunctionKey, name: string): ServiceError {
  return new ServiceError('SECRET_NOT_FOUND', `The function "${functionName}" has no secret "${name.slice(0, 128)}".`);
}
