import { ApiError, apiErrorOf } from './api-error';

export interface RequestOptions {
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is. */
  body?: BodyInit;
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
}

/** The controller's API, with the key of who is signed in. Nothing is kept of an answer. */
export class Api {
  readonly #key: string;
  readonly #onUnauthorized: () => void;

  /** @param onUnauthorized the key is not, or no longer, known */
  constructor(key: string, onUnauthorized: () => void = () => undefined) {
    this.#key = key;
    this.#onUnauthorized = onUnauthorized;
  }

  get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.json<T>('GET', path, signal === undefined ? {} : { signal });
  }

  /** @returns undefined for an answer without a body */
  async json<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    const response = await this.send(method, path, options);
    const text = await response.text();
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  /** @throws ApiError for every answer but a success; an abort is thrown as the browser has it */
  async send(method: string, path: string, { json, body, headers, signal }: RequestOptions = {}): Promise<Response> {
    const payload = json === undefined ? body : JSON.stringify(json);
    const type = json === undefined ? {} : { 'Content-Type': 'application/json' };
    const response = await fetch(path, {
      method,
      headers: { Authorization: `Bearer ${this.#key}`, ...type, ...headers },
      ...(payload === undefined ? {} : { body: payload }),
      ...(signal === undefined ? {} : { signal }),
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
    }).catch((cause: unknown) => {
      if (signal?.aborted === true) throw cause;
      throw new ApiError('The controller does not answer.', { status: 0 }, { cause });
    });
    if (response.ok) return response;
    if (response.status === 401) this.#onUnauthorized();
    throw apiErrorOf({
      status: response.status,
      text: await response.text(),
      retryAfter: response.headers.get('Retry-After'),
      requestId: response.headers.get('X-Easyfaas-Request-Id'),
    });
  }
}

/** `/v1/functions/hello/logs?tail=5`: parts are encoded, empty members of the query left out. */
export function apiPath(parts: readonly string[], query: Readonly<Record<string, string | undefined>> = {}): string {
  const given = Object.entries(query).filter((each): each is [string, string] => each[1] !== undefined && each[1] !== '');
  const search = new URLSearchParams(given).toString();
  return `/v1/${parts.map(encodeURIComponent).join('/')}${search === '' ? '' : `?${search}`}`;
}
