import { type IncomingMessage, request } from 'node:http';
import { encodePlainRequest } from '@easyfaas/contracts/wire';
import { ServiceError, asServiceError, parseErrorEnvelope } from '@easyfaas/service-kit';
import { KeptConnection, type PendingExchange } from './kept-connection';

export interface UnixRequest {
  method: 'GET' | 'POST' | 'PATCH';
  path: string;
  body?: object;
  /** The answer must be complete within this, ms. */
  deadlineMs: number;
}

/** Exchanges at the same time; more wait for one of these to end. */
const CONNECTIONS_MAX = 32;
/** Of those, this many are kept when there is nothing to do. */
const FREE_MAX = 8;

interface Exchange extends PendingExchange {
  /** It was on a connection that turned out to be closed: once is chance. */
  isSecondTry: boolean;
  connection: KeptConnection | undefined;
}

/**
 * HTTP with JSON bodies over a unix socket, for the pod's other service. Calls wait for some of it, so it is written and read without node:http, which
 * takes 0.6 ms more for an exchange after a quiet time (ADR 0047).
 */
export class UnixHttp {
  readonly #socketPath: string;
  readonly #open = new Set<KeptConnection>();
  /** The one used last is taken first. */
  readonly #free: KeptConnection[] = [];
  readonly #waiting: Exchange[] = [];
  #isClosed = false;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /**
   * A request is sent once more when its connection turns out to have been closed while it was idle: whatever is asked of the funclet carries an
   * operation id and has no second effect.
   * @throws ServiceError the one of the answer's envelope; FUNCLET_UNAVAILABLE when there is no answer or it makes no sense;
   *   DEADLINE_EXCEEDED
   */
  send({ method, path, body, deadlineMs }: UnixRequest): Promise<unknown> {
    const text = encodePlainRequest(method, path, body === undefined ? undefined : JSON.stringify(body));
    return new Promise((resolve, reject) => {
      const exchange: Exchange = {
        text,
        isSecondTry: false,
        connection: undefined,
        onAnswer: ({ status, body }) => {
          clearTimeout(timer);
          try {
            resolve(valueOf(status, body, `${method} ${path}`));
          } catch (error) {
            reject(asServiceError(error));
          }
        },
        onFailed: (error, isUnheard) => {
          if (isUnheard && !exchange.isSecondTry && !this.#isClosed && !(error instanceof ServiceError)) {
            exchange.isSecondTry = true;
            return this.#begin(exchange, this.#dial());
          }
          clearTimeout(timer);
          reject(error instanceof ServiceError ? error : unavailable(error));
        },
      };
      const timer = setTimeout(() => {
        const error = new ServiceError('DEADLINE_EXCEEDED', `The funclet did not answer ${method} ${path} within ${deadlineMs} ms.`);
        if (exchange.connection !== undefined) return exchange.connection.destroy(error);
        this.#waiting.splice(this.#waiting.indexOf(exchange), 1);
        reject(error);
      }, deadlineMs);
      const connection = this.#free.pop() ?? (this.#open.size < CONNECTIONS_MAX ? this.#dial() : undefined);
      if (connection === undefined) this.#waiting.push(exchange);
      else this.#begin(exchange, connection);
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
    this.#isClosed = true;
    for (const connection of this.#open) connection.destroy();
    for (const exchange of this.#waiting.splice(0)) exchange.onFailed(new Error('this service is stopping'), false);
  }

  #begin(exchange: Exchange, connection: KeptConnection): void {
    exchange.connection = connection;
    connection.begin(exchange);
  }

  #dial(): KeptConnection {
    const connection = new KeptConnection(this.#socketPath, this.#onFree, this.#onClosed);
    this.#open.add(connection);
    return connection;
  }

  readonly #onFree = (connection: KeptConnection): void => {
    const next = this.#waiting.shift();
    if (next !== undefined) this.#begin(next, connection);
    else if (this.#free.length < FREE_MAX) this.#free.push(connection);
    else connection.destroy();
  };

  readonly #onClosed = (connection: KeptConnection): void => {
    this.#open.delete(connection);
    const at = this.#free.indexOf(connection);
    if (at !== -1) this.#free.splice(at, 1);
    const next = this.#isClosed ? undefined : this.#waiting.shift();
    if (next !== undefined) this.#begin(next, this.#dial());
  };
}

/** @throws ServiceError the one of the envelope, or FUNCLET_UNAVAILABLE */
function valueOf(status: number, body: Buffer, what: string): unknown {
  let value: unknown;
  try {
    value = body.length === 0 ? undefined : JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new ServiceError('FUNCLET_UNAVAILABLE', 'The funclet answered something that is not JSON.', { cause });
  }
  if (status >= 200 && status < 300) return value;
  throw parseErrorEnvelope(value) ?? new ServiceError('FUNCLET_UNAVAILABLE', `The funclet answered ${status} to ${what}.`);
}

function unavailable(cause: unknown): ServiceError {
  const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
  return new ServiceError('FUNCLET_UNAVAILABLE', `The funclet does not answer${code}; warm functions go on, new containers wait.`, {
    cause,
  });
}
