import { REGISTRY_HEADERS } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import type { RegistryConfig } from './registry-config';

export interface RegistryClientOptions extends Pick<RegistryConfig, 'baseUrl' | 'token' | 'codeOrigins'> {
  newRequestId: () => string;
}

/** `gone`: there is no such thing; `same`: what was known by that ETag still holds. */
export type RegistryAnswer = { kind: 'gone' } | { kind: 'same' } | { kind: 'found'; body: Buffer; url: string; etag: string | undefined };

/** From the first byte sent to the last one received. */
const ANSWER_MS = 5000;
const CODE_MS = 60_000;
/** A configuration has some KiB; 4 KB of variables are the largest part. */
const ANSWER_BYTES = 256 * 1024;

/**
 * Asks a registry. It is somebody else's service: its answers are capped in size and time, redirects are not followed, and the token
 * goes to its own origin only. Every method throws ServiceError REGISTRY_UNAVAILABLE (nothing, 5xx, too late) or REGISTRY_INVALID.
 */
export class RegistryClient {
  readonly #options: RegistryClientOptions;
  readonly #origin: string;

  constructor(options: RegistryClientOptions) {
    this.#options = options;
    this.#origin = new URL(options.baseUrl).origin;
  }

  /** @param path below the base @param etag of what is known */
  async read(path: string, accountId: string | undefined, etag?: string): Promise<RegistryAnswer> {
    const url = `${this.#options.baseUrl}${path}`;
    const signal = AbortSignal.timeout(ANSWER_MS);
    const answer = await this.#get(url, signal, {
      Accept: 'application/json',
      ...(accountId === undefined ? {} : { [REGISTRY_HEADERS.accountId]: accountId }),
      ...(etag === undefined ? {} : { 'If-None-Match': etag }),
    });
    if (answer.status !== 200) await answer.body?.cancel();
    if (answer.status === 404) return { kind: 'gone' };
    if (answer.status === 304 && etag !== undefined) return { kind: 'same' };
    assertOk(answer, url);
    return { kind: 'found', body: await this.#bytes(answer, url), url, etag: answer.headers.get('etag') ?? undefined };
  }

  /** @param location absolute, or relative to `answerUrl` */
  async *code(location: string, answerUrl: string): AsyncGenerator<Uint8Array> {
    if (!URL.canParse(location, answerUrl)) throw invalidAnswer('Code.Location', 'is no URL');
    const { href, origin } = new URL(location, answerUrl);
    if (!this.#options.codeOrigins.has(origin)) {
      throw invalidAnswer('Code.Location', `is at ${origin}, which is not the registry; EASYFAAS_REGISTRY_CODE_ORIGINS can allow it`);
    }
    const answer = await this.#get(href, AbortSignal.timeout(CODE_MS), {});
    if (answer.status !== 200) await answer.body?.cancel();
    assertOk(answer, origin);
    try {
      for await (const chunk of chunksOf(answer)) yield chunk;
    } catch (cause) {
      throw unavailable(origin, cause);
    }
  }

  async #get(url: string, signal: AbortSignal, headers: Record<string, string>): Promise<Response> {
    const { token, newRequestId } = this.#options;
    const isOwn = new URL(url).origin === this.#origin;
    const own = isOwn && token !== undefined ? { Authorization: `Bearer ${token}` } : {};
    try {
      return await fetch(url, {
        redirect: 'manual',
        signal,
        headers: { ...headers, ...own, [REGISTRY_HEADERS.requestId]: newRequestId() },
      });
    } catch (cause) {
      throw unavailable(new URL(url).origin, cause);
    }
  }

  async #bytes(answer: Response, url: string): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    try {
      for await (const chunk of chunksOf(answer)) {
        bytes += chunk.length;
        if (bytes > ANSWER_BYTES) throw invalidAnswer('body', `is over ${ANSWER_BYTES} bytes`);
        chunks.push(chunk);
      }
    } catch (error) {
      throw error instanceof ServiceError ? error : unavailable(new URL(url).origin, error);
    }
    return Buffer.concat(chunks, bytes);
  }
}

/** @param field dotted, as the registry spells it */
export function invalidAnswer(field: string, what: string, cause?: unknown): ServiceError {
  return new ServiceError('REGISTRY_INVALID', `The function registry's answer cannot be used: ${field} ${what}.`, {
    cause,
    details: { field },
  });
}

function assertOk({ status }: Response, where: string): void {
  if (status === 200) return;
  if (status >= 500 || status === 429 || status === 408) throw unavailable(where, `status ${status}`);
  if (status === 401 || status === 403) throw invalidAnswer('status', `is ${status}: EASYFAAS_REGISTRY_TOKEN is not accepted`);
  if (status >= 300 && status < 400) throw invalidAnswer('status', `is ${status}: redirects are not followed`);
  throw invalidAnswer('status', `is ${status}, expected 200, 304 or 404`);
}

function unavailable(where: string, cause: unknown): ServiceError {
  // `fetch` says why in the cause's cause.
  const inner: unknown = cause instanceof Error ? cause.cause : undefined;
  const code = inner instanceof Error && 'code' in inner ? String(inner.code) : undefined;
  const words = code ?? (cause instanceof Error ? cause.name : String(cause));
  return new ServiceError('REGISTRY_UNAVAILABLE', `The function registry at ${where} does not answer (${words}).`, { cause });
}

/** Closes the connection when reading stops early. */
function chunksOf({ body }: Response): AsyncIterable<Uint8Array> {
  return body ?? new ReadableStream<Uint8Array>({ start: (end) => end.close() });
}
