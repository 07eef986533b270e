import type { IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { ApiError, CliError } from './cli-error';
import { EXIT } from './exit-codes';
import { type ExchangeRequest, httpExchange } from './http-exchange';
import type { Settings } from './settings';

export interface ApiRequest {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  query?: Record<string, string | number | undefined>;
  /** An object is sent as JSON. */
  body?: object | Uint8Array | string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export interface ApiAnswer {
  status: number;
  headers: Headers;
  bytes: Buffer;
}

/** One EasyFaaS, over its HTTP API. Every method throws ApiError for an answer that says no, CliError when there is none. */
export class ApiClient {
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  get url(): string {
    return this.#settings.url;
  }

  get hasKey(): boolean {
    return this.#settings.key !== undefined;
  }

  /** The body of the answer as JSON; undefined when it has none. */
  async json<T>(path: string, request: ApiRequest = {}): Promise<T> {
    const { bytes } = await this.send(path, request);
    return (bytes.length === 0 ? undefined : JSON.parse(bytes.toString('utf8'))) as T;
  }

  /** Like {@link json}, with undefined for a 404. */
  async find<T>(path: string, request: ApiRequest = {}): Promise<T | undefined> {
    try {
      return await this.json<T>(path, request);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  async send(path: string, request: ApiRequest = {}): Promise<ApiAnswer> {
    const response = await this.#fetch(path, request);
    const bytes = Buffer.from(await response.arrayBuffer());
    if (!response.ok) throw refusal(response.status, bytes);
    return { status: response.status, headers: response.headers, bytes };
  }

  /** Pieces of an answer as they come; ends when the server ends it or the signal aborts. */
  async *stream(path: string, request: ApiRequest = {}): AsyncGenerator<Buffer> {
    const response = await this.#fetch(path, request);
    if (!response.ok) throw refusal(response.status, Buffer.from(await response.arrayBuffer()));
    if (response.body === null) return;
    try {
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) yield Buffer.from(chunk);
    } catch (error) {
      if (request.signal?.aborted !== true) throw this.#unreachable(error);
    }
  }

  /** An answer whose body is still to come. Its trailers are there when that has ended. */
  async open(path: string, request: ApiRequest = {}): Promise<IncomingMessage> {
    const { url, method, headers, body, signal } = this.#prepare(path, request);
    try {
      const answer = await httpExchange(url, { method, headers, body, signal });
      const { statusCode = 0 } = answer;
      if (statusCode >= 200 && statusCode < 300) return answer;
      throw refusal(statusCode, await buffer(answer));
    } catch (error) {
      if (error instanceof ApiError || signal?.aborted === true) throw error;
      throw this.#unreachable(error);
    }
  }

  /** All items of a list that comes in pages. */
  async *pages<T>(path: string, { items, marker, next, query = {} }: PageShape): AsyncGenerator<T> {
    let from: string | undefined;
    do {
      const page = await this.json<Record<string, unknown>>(path, { query: { ...query, [marker]: from } });
      yield* page[items] as T[];
      from = page[next] as string | undefined;
    } while (from !== undefined);
  }

  async #fetch(path: string, request: ApiRequest): Promise<Response> {
    const { url, method, headers, body, signal } = this.#prepare(path, request);
    try {
      return await fetch(url, {
        method,
        redirect: 'error',
        headers,
        ...(body === undefined ? {} : { body }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      if (signal?.aborted === true) throw error;
      throw this.#unreachable(error);
    }
  }

  #prepare(path: string, { method = 'GET', query = {}, body, headers = {}, signal }: ApiRequest): PreparedRequest {
    const { url: base, key } = this.#settings;
    const url = new URL(base + path);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
    const isJson = body !== undefined && typeof body === 'object' && !(body instanceof Uint8Array);
    return {
      url,
      method,
      headers: {
        ...(key === undefined ? {} : { Authorization: `Bearer ${key}` }),
        ...(isJson ? { 'Content-Type': 'application/json' } : {}),
        ...headers,
      },
      body: isJson ? JSON.stringify(body) : body,
      signal,
    };
  }

  #unreachable(error: unknown): CliError {
    const { cause } = error as { cause?: { message?: string } };
    return new CliError(`EasyFaaS at ${this.#settings.url} does not answer: ${cause?.message ?? (error as Error).message}.`, {
      exitCode: EXIT.unavailable,
      remedy: 'Is it running (npm run up)? Another address: --url or EASYFAAS_URL. `easyfaas doctor` looks closer.',
      cause: error,
    });
  }
}

interface PreparedRequest extends ExchangeRequest {
  url: URL;
}

export interface PageShape {
  /** Member with the items of a page. */
  items: string;
  /** Query parameter that takes the position. */
  marker: string;
  /** Member with the position of the next page. */
  next: string;
  query?: Record<string, string | number | undefined>;
}

function refusal(status: number, bytes: Buffer): ApiError {
  const text = bytes.toString('utf8');
  const { error } = readEnvelope(text);
  return new ApiError({
    status,
    code: error?.code ?? `HTTP_${status}`,
    message: error?.message ?? (text.slice(0, 300) || `The answer has status ${status} and no text.`),
    ...(error?.requestId === undefined ? {} : { requestId: error.requestId }),
    ...remedyOf(status),
  });
}

/** Something between us and EasyFaaS may have answered: anything can be in there. */
function readEnvelope(text: string): { error?: { code?: string; message?: string; requestId?: string } } {
  try {
    return JSON.parse(text) as { error?: { code?: string; message?: string; requestId?: string } };
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function remedyOf(status: number): { remedy?: string } {
  if (status === 401)
    return { remedy: 'Set EASYFAAS_KEY, or --key-file; the admin key of a new stack is in /var/lib/easyfaas/admin.key (root).' };
  if (status === 404) return { remedy: '`easyfaas ls` lists the functions of this account.' };
  return {};
}
