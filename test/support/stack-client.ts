import type { Answer, CallOptions, Deployment, PoolContainer } from './stack';

/** Address and key of one stack. */
export interface StackAddress {
  url: string;
  key: string;
}

let sequence = 0;

/** The API of a stack that a test started itself. */
export class StackClient {
  readonly #address: StackAddress;

  constructor(address: StackAddress) {
    this.#address = address;
  }

  get url(): string {
    return this.#address.url;
  }

  get key(): string {
    return this.#address.key;
  }

  async call(path: string, options: CallOptions = {}): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, {
      method: options.method ?? 'GET',
      headers: { Authorization: `Bearer ${options.key ?? this.key}`, ...options.headers },
      ...(options.body === undefined ? {} : { body: options.body }),
      signal: AbortSignal.timeout(options.timeoutMs ?? 60_000),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const text = bytes.toString('utf8');
    return { status: response.status, headers: response.headers, bytes, text, json: <T>() => JSON.parse(text) as T };
  }

  /** Deploys one source file. @returns its name */
  async deploy(deployment: Deployment & { name?: string }): Promise<string> {
    const { runtime = 'nodejs20', handler = 'index.handler', timeoutSeconds, memoryMb, concurrency, source } = deployment;
    const name = deployment.name ?? `f-${process.pid}-${++sequence}`;
    const query = new URLSearchParams({ Runtime: runtime, Handler: handler });
    if (timeoutSeconds !== undefined) query.set('Timeout', String(timeoutSeconds));
    if (memoryMb !== undefined) query.set('MemorySize', String(memoryMb));
    if (concurrency !== undefined) query.set('PodConcurrentQuota', String(concurrency));
    const headers = { 'Content-Type': runtime === 'python3' ? 'text/x-python' : 'text/javascript' };
    const path = `/v1/functions/${name}?${query.toString()}`;
    const key = deployment.key === undefined ? {} : { key: deployment.key };
    const answer = await this.call(path, { method: 'POST', headers, body: source, ...key });
    if (answer.status !== 201) throw new Error(`deploy of ${name} answered ${answer.status}: ${answer.text}`);
    return name;
  }

  async remove(name: string): Promise<void> {
    const answer = await this.call(`/v1/functions/${name}`, { method: 'DELETE' });
    if (answer.status !== 204 && answer.status !== 404) throw new Error(`delete of ${name} answered ${answer.status}: ${answer.text}`);
  }

  invoke(name: string, payload: unknown = {}, options: CallOptions = {}): Promise<Answer> {
    const headers = { 'Content-Type': 'application/json', ...options.headers };
    return this.call(`/v1/functions/${name}/invocations`, { method: 'POST', ...options, headers, body: JSON.stringify(payload) });
  }

  async pool(): Promise<PoolContainer[]> {
    const answer = await this.call('/v1/pool');
    if (answer.status !== 200) throw new Error(`GET /v1/pool answered ${answer.status}: ${answer.text}`);
    return answer.json<{ containers: PoolContainer[] }>().containers;
  }

  /** The container that serves a function. */
  async containerOf(name: string): Promise<PoolContainer & { dockerId: string }> {
    const found = (await this.pool()).find(({ assignment }) => assignment?.functionName === name);
    if (found?.dockerId === undefined) throw new Error(`no container serves ${name}`);
    return { ...found, dockerId: found.dockerId };
  }

  drain(containerId: string): Promise<Answer> {
    return this.call(`/v1/pool/${containerId}/drain`, { method: 'POST' });
  }
}
