import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { POD_AUTH_HEADER, type PodClaims } from '@easyfaas/contracts/wire';
import { type Logger, ServiceError, asServiceError } from '@easyfaas/service-kit';
import { sendError } from '../http/send-error';
import { configureServer } from '../http/front-server';
import { NonceMemory } from './nonce-memory';
import { verifyClaims } from './pod-claims';
import type { PodMembership } from './pod-membership';

/** Handles a request that another pod has signed. Its body is still to be compared with the claims. */
export type PodHandler = (request: IncomingMessage, response: ServerResponse, claims: PodClaims, parameter: string) => void | Promise<void>;

export interface PodRoute {
  method: 'GET' | 'POST';
  /** With at most one group, the handler's parameter. */
  path: RegExp;
  handle: PodHandler;
}

export interface PodServerOptions {
  membership: Pick<PodMembership, 'key' | 'nowMs'>;
  podId: string;
  bootId: string;
  routes: readonly PodRoute[];
  logger: Logger;
}

const AUTH_HEADER = POD_AUTH_HEADER.toLowerCase();
/** Claims with a client's context are up to 16 KiB. */
const HEADER_BYTES = 32 * 1024;
/** A package of 50 MB at 7 Mbit/s. */
const REQUEST_TIMEOUT_MS = 60_000;

/**
 * What other pods may ask of this one, on a listener of its own: nothing of it can be reached where clients call, and what a
 * client writes into a header is nobody's business here. There are no keys; every request is signed.
 */
export class PodServer {
  readonly #options: PodServerOptions;
  readonly #nonces = new NonceMemory();
  readonly server: Server;

  constructor(options: PodServerOptions) {
    this.#options = options;
    this.server = createServer({ noDelay: true }, (request, response) => this.#serve(request, response));
    configureServer(this.server, { requestTimeoutMs: REQUEST_TIMEOUT_MS });
    Object.assign(this.server, { maxHeaderSize: HEADER_BYTES });
  }

  /** @returns the port */
  async listen({ host, port }: { host: string; port: number }): Promise<number> {
    this.server.listen(port, host.replace(/^\[(.*)\]$/, '$1'));
    await once(this.server, 'listening');
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const requestId = randomUUID();
    const fail = (thrown: unknown): void => {
      const error = asServiceError(thrown);
      if (error.status >= 500) this.#options.logger.warn('request of a pod failed', { path: request.url, error });
      sendError(response, error, requestId);
    };
    try {
      const claims = this.#verify(request);
      const { handle, parameter } = this.#route(request);
      void Promise.resolve(handle(request, response, claims, parameter)).catch(fail);
    } catch (error) {
      fail(error);
    }
  }

  /** Before the route, so that nobody learns which there are. @throws ServiceError UNAUTHORIZED */
  #verify(request: IncomingMessage): PodClaims {
    const { membership, podId, bootId, logger } = this.#options;
    const { key } = membership;
    const header = request.headers[AUTH_HEADER];
    const nowMs = membership.nowMs();
    const target = { method: request.method ?? '', path: request.url ?? '' };
    const verdict =
      key === undefined
        ? { refusal: 'the key of the pods is not known yet' }
        : verifyClaims(key, target, typeof header === 'string' ? header : undefined, { podId, bootId, nowMs });
    if (verdict.refusal === undefined && this.#nonces.take(verdict.claims.nonce, nowMs)) return verdict.claims;
    logger.warn('request to the pod refused', { why: verdict.refusal ?? 'replayed', source: request.socket.remoteAddress });
    throw new ServiceError('UNAUTHORIZED', 'This listener is for other pods, which sign what they send.');
  }

  #route(request: IncomingMessage): { handle: PodHandler; parameter: string } {
    for (const { method, path, handle } of this.#options.routes) {
      const match = method === request.method ? path.exec(request.url ?? '') : null;
      if (match !== null) return { handle, parameter: match[1] ?? '' };
    }
    throw new ServiceError('ROUTE_NOT_FOUND', 'This pod offers no such thing to other pods; it may be of another version.');
  }
}
