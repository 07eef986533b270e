import Docker from 'dockerode';
import { ServiceError, withDeadline, type Clock } from '@easyfaas/service-kit';
import { translateDockerError } from './docker-errors';
import { EngineError } from './engine-error';

export interface DockerCallsOptions {
  socketPath: string;
  /** Longest wait for one answer, ms, also where the caller's signal would wait longer. */
  callTimeoutMs: number;
  clock: Clock;
}

export interface Call {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  query?: Record<string, string>;
  body?: object;
}

/** Requests to Docker Engine over its socket. API 1.41 (Docker 20.10) and later. */
export class DockerCalls {
  readonly #docker: Docker;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  /** When the calls under way began, monotonic, ms; the oldest first. */
  readonly #underWay = new Map<symbol, number>();

  constructor({ socketPath, callTimeoutMs, clock }: DockerCallsOptions) {
    this.#clock = clock;
    this.#docker = new Docker({ socketPath, version: 'v1.41' });
    this.#timeoutMs = callTimeoutMs;
  }

  /** Age of the oldest call that has not ended, ms; 0 when there is none. */
  get oldestMs(): number {
    for (const startedMs of this.#underWay.values()) return this.#clock.monotonicMs() - startedMs;
    return 0;
  }

  /** The stream of events. @param filters as the Engine API has them, in JSON */
  events(filters: string, abortSignal: AbortSignal): Promise<NodeJS.ReadableStream> {
    return this.#docker.getEvents({ filters, abortSignal });
  }

  /**
   * One request. Not dockerode's own methods: its `createContainer` hides the warnings. It settles by the caller's signal
   * or the call timeout, whichever is first, also when dockerd dies in the middle of an answer. @throws EngineError
   */
  async call(what: string, { method, path, query, body }: Call, signal: AbortSignal): Promise<unknown> {
    const call = Symbol(what);
    this.#underWay.set(call, this.#clock.monotonicMs());
    try {
      signal.throwIfAborted();
      return await withDeadline(what, this.#timeoutMs, (timeout) => {
        const abortSignal = AbortSignal.any([signal, timeout]);
        const options = method === 'POST' ? { _query: query ?? {}, _body: body ?? {} } : { _query: query ?? {} };
        return abortable(abortSignal, (settle) => {
          this.#docker.modem.dial({ path: `${path}?`, method, options, abortSignal, statusCodes: OK }, settle);
        });
      });
    } catch (thrown) {
      if (thrown instanceof ServiceError) throw new EngineError('unavailable', thrown.message, { cause: thrown });
      throw translateDockerError(what, thrown);
    } finally {
      this.#underWay.delete(call);
    }
  }
}

const OK = { 200: true, 201: true, 204: true };

function abortable(signal: AbortSignal, start: (settle: (error: Error | null, data: unknown) => void) => void): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    start((error, data) => {
      signal.removeEventListener('abort', onAbort);
      if (error === null) resolve(data);
      else reject(error);
    });
  });
}

/** @returns undefined when there is no such thing */
export async function unlessMissing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof EngineError && error.kind === 'notFound') return undefined;
    throw error;
  }
}

/** A refusal whose text says that the wanted state is there already: Docker uses 304 without a text, 409 and 500 for it. */
export async function unlessAlready(call: Promise<unknown>, already: RegExp): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof EngineError) || !already.test(error.message)) throw error;
  }
}

/** `filters` of a list: things that carry every one of these labels. */
export function labelFilter(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify({ label: labelTexts(labels) });
}

export function labelTexts(labels: Readonly<Record<string, string>>): string[] {
  return Object.entries(labels).map(([name, value]) => `${name}=${value}`);
}
