import type { RuntimeManifest, StoredFunction } from '@easyfaas/contracts/wire';
import type { RegistryClient } from './registry-client';
import { invalidAnswer } from './registry-client';
import { type Question, readRegistryFunction, readRegistryRuntime, storedFromRegistry } from './registry-function';

export interface RegistryFunctionsOptions {
  client: Pick<RegistryClient, 'read'>;
  runtimes: ReadonlyMap<string, RuntimeManifest>;
}

/** Where a package can be fetched. */
export interface CodePlace {
  location: string;
  /** Of the answer that named it: what a relative location is relative to. */
  answerUrl: string;
}

interface Known {
  etag: string | undefined;
  body: Buffer;
  stored: StoredFunction;
}

/** Answers and packages that are remembered. */
const CAPACITY = 10_000;

/** The functions of a registry, with what was learnt of them: the same answer gives the same object. */
export class RegistryFunctions {
  readonly #options: RegistryFunctionsOptions;
  readonly #known = new Map<string, Known>();
  readonly #places = new Map<string, CodePlace>();

  constructor(options: RegistryFunctionsOptions) {
    this.#options = options;
  }

  /** @returns undefined when there is none @throws ServiceError REGISTRY_UNAVAILABLE, REGISTRY_INVALID */
  async find(question: Question): Promise<StoredFunction | undefined> {
    const { accountId, functionName, qualifier } = question;
    const key = `${accountId}:${functionName}:${qualifier}`;
    const known = this.#known.get(key);
    const path = `/functions/${encodeURIComponent(functionName)}?Qualifier=${encodeURIComponent(qualifier)}`;
    const answer = await this.#options.client.read(path, accountId, known?.etag);
    if (answer.kind === 'gone') {
      this.#known.delete(key);
      return undefined;
    }
    if (known !== undefined && (answer.kind === 'same' || answer.body.equals(known.body))) return known.stored;
    if (answer.kind === 'same') throw invalidAnswer('status', 'is 304 although nothing was known');
    const found = readRegistryFunction(answer.body, question);
    const stored = storedFromRegistry(found, accountId, await this.#runtimeOf(found.Configuration.Runtime));
    put(this.#places, stored.code.sha256, { location: found.Code.Location, answerUrl: answer.url });
    put(this.#known, key, { etag: answer.etag, body: answer.body, stored });
    return stored;
  }

  placeOf(sha256: string): CodePlace | undefined {
    return this.#places.get(sha256);
  }

  packages(): Iterable<string> {
    return this.#places.keys();
  }

  async #runtimeOf(name: string): Promise<string> {
    const { runtimes, client } = this.#options;
    if (runtimes.has(name)) return name;
    const installed = [...runtimes.keys()].sort().join(', ');
    const answer = await client.read(`/runtimes/${encodeURIComponent(name)}/configuration`, undefined);
    if (answer.kind !== 'found') throw invalidAnswer('Configuration.Runtime', `is "${name}"; installed are ${installed}`);
    const { Name } = readRegistryRuntime(answer.body);
    if (!runtimes.has(Name)) throw invalidAnswer('Name', `of the runtime "${name}" is "${Name}"; installed are ${installed}`);
    return Name;
  }
}

function put<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  const oldest = map.keys().next();
  if (map.size > CAPACITY && oldest.done !== true) map.delete(oldest.value);
}
