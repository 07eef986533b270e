import { Agent, type IncomingMessage, request } from 'node:http';
import { ServiceError, parseErrorEnvelope } from '@easyfaas/service-kit';

export interface UnixRequest {
  method: 'GET' | 'POST' | 'PATCH';
  path: string;
  body?: object;
  /** The answer must be complete within this, ms. */
  deadlineMs: number;
}

/** The list of all containers is the largest answer; one container is about 2 KB. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;
/** The funclet closes idle connections after 120 s; ours must be given up before, or a request meets a closed one. */
const KEEP_ALIVE_MS = 60_000;

/**
 * HTTP with JSON bodies over a unix socket, for the pod's other service. node:http itself, without a client library: one
 * exchange on a kept connection costs about 0.3 ms, which counts on the path of a cold call.
 */
export class UnixHttp {
  readonly #socketPath: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 32, maxFreeSockets: 8, timeout: KEEP_ALIVE_MS, scheduling: 'lifo' });

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /**
   * @throws ServiceError the one of the answer's envelope; FUNCLET_UNAVAILABLE when there is no answer or it makes no sense;
   *   DEADLINE_EXCEEDED
   */
  send({ method, path, body, deadlineMs }: UnixRequest): Promise<unknown> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const outgoing = request({
        socketPath: this.#socketPath,
        agent: this.#agent,
        method,
        path,
        headers: text === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) },
      });
      const timer = setTimeout(
        () =>
          outgoing.destroy(new ServiceError('DEADLINE_EXCEEDED', `The funclet did not answer ${method} ${path} within ${deadlineMs} ms.`)),
        deadlineMs,
      );
      const fail = (error: unknown): void => {
        clearTimeout(timer);
        reject(error instanceof ServiceError ? error : unavailable(error));
      };
      outgoing.on('error', fail);
      outgoing.on('response', (response) => {
        readJson(response).then((value) => {
          clearTimeout(timer);
          const status = response.statusCode ?? 0;
          if (status >= 200 && status < 300) resolve(value);
          else
            reject(
              parseErrorEnvelope(value) ?? new ServiceError('FUNCLET_UNAVAILABLE', `The funclet answered ${status} to ${method} ${path}.`),
            );
        }, fail);
      });
      outgoing.end(text);
    });
  }

  /** Opens an endless answer. The caller destroys it. */
  open(path: string, deadlineMs: number): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const outgoing = request({ socketPath: this.#socketPath, agent: false, path });
      outgoing.setTimeout(deadlineMs, () => outgoing.destroy(new Error(`silent for ${deadlineMs} ms`)));
      outgoing.on('error', (error) => reject(unavailable(error)));
      outgoing.on('response', (response) => {
        if (response.statusCode === 200) return resolve(response);
        response.destroy();
        reject(new ServiceError('FUNCLET_UNAVAILABLE', `The funclet answered ${response.statusCode ?? 0} to GET ${path}.`));
      });
      outgoing.end();
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX)
      throw new ServiceError('FUNCLET_UNAVAILABLE', `The funclet answered more than ${ANSWER_BYTES_MAX} bytes.`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ServiceError('FUNCLET_UNAVAILABLE', 'The funclet answered something that is not JSON.', { cause });
  }
}

function unavailable(cause: unknown): ServiceError {
  const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
  return new ServiceError('FUNCLET_UNAVAILABLE', `The funclet does not answer${code}; warm functions go on, new containers wait.`, {
    cause,
  });
}
