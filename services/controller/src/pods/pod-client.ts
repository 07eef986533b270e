import { Agent, type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as TlsAgent, request as httpsRequest } from 'node:https';
import { POD_AUTH_HEADER, type PodCall, type PodClaims, type PodLease } from '@easyfaas/contracts/wire';
import { ServiceError, parseErrorEnvelope } from '@easyfaas/service-kit';
import { bodyHash, signClaims } from './pod-claims';
import type { PodMembership } from './pod-membership';

export interface PodRequest {
  method: 'GET' | 'POST';
  path: string;
  body?: { chunks: readonly Buffer[]; bytes: number };
  call?: PodCall;
  /** Until the answer's headers are there, ms. */
  deadlineMs: number;
}

export interface PodClientOptions {
  podId: string;
  membership: Pick<PodMembership, 'key' | 'nowMs' | 'noteUnreachable'>;
  nonce: () => string;
}

/** A pod that is in reach accepts at once; one whose machine is gone does not answer at all. */
const CONNECT_MS = 1000;
/** The pods' listener closes idle connections after 10 s; ours must be given up before, or a request meets a closed one. */
const KEEP_ALIVE_MS = 4000;
const AGENT = { keepAlive: true, maxFreeSockets: 32, timeout: KEEP_ALIVE_MS, scheduling: 'lifo' as const };
const ANSWER_BYTES_MAX = 7 * 1024 * 1024;
/** A function may say 64 KiB of headers to a web client, which are in a header of ours in base64. */
const HEADER_BYTES = 128 * 1024;

/** The other pod was not reached: what was asked of it has not happened. */
export class PodUnreachable extends Error {
  override readonly name = 'PodUnreachable';
}

/** Signed requests to other pods. */
export class PodClient {
  readonly #options: PodClientOptions;
  readonly #agent = new Agent(AGENT);
  readonly #tlsAgent = new TlsAgent(AGENT);

  constructor(options: PodClientOptions) {
    this.#options = options;
  }

  /**
   * @returns the answer of status 2xx, its body unread
   * @throws PodUnreachable; ServiceError the one of the answer, RUNTIME_LOST when the pod was lost after it was reached,
   *   DEADLINE_EXCEEDED; the signal's reason
   */
  async send(pod: PodLease, wish: PodRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const response = await this.#exchange(pod, wish, signal);
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    const error = parseErrorEnvelope(asJson(await readAll(response, pod)));
    throw error ?? new ServiceError('RUNTIME_LOST', `The pod ${pod.podId} answered ${status}, which makes no sense.`);
  }

  close(): void {
    this.#agent.destroy();
    this.#tlsAgent.destroy();
  }

  #exchange(pod: PodLease, { method, path, body, call, deadlineMs }: PodRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const { membership } = this.#options;
    const auth = this.#sign(pod, { method, path }, body ?? { chunks: [], bytes: 0 }, call);
    return new Promise((resolve, reject) => {
      const isTls = pod.address.startsWith('https:');
      const outgoing = (isTls ? httpsRequest : httpRequest)(new URL(path, pod.address), {
        method,
        agent: isTls ? this.#tlsAgent : this.#agent,
        signal,
        maxHeaderSize: HEADER_BYTES,
        headers: { [POD_AUTH_HEADER]: auth, 'Content-Length': body?.bytes ?? 0 },
      });
      const isConnected = watchConnect(outgoing);
      const timer = setTimeout(
        () => outgoing.destroy(new ServiceError('DEADLINE_EXCEEDED', `The pod ${pod.podId} did not answer within ${deadlineMs} ms.`)),
        deadlineMs,
      );
      outgoing.on('response', (response) => {
        clearTimeout(timer);
        resolve(response);
      });
      outgoing.on('error', (error) => {
        clearTimeout(timer);
        if (signal.aborted || error instanceof ServiceError) return reject(error);
        membership.noteUnreachable(pod.podId);
        reject(isConnected() ? lost(pod, error) : new PodUnreachable(`The pod ${pod.podId} cannot be reached.`, { cause: error }));
      });
      for (const chunk of body?.chunks ?? []) outgoing.write(chunk);
      outgoing.end();
    });
  }

  #sign(
    pod: PodLease,
    target: { method: string; path: string },
    body: { chunks: readonly Buffer[]; bytes: number },
    call?: PodCall,
  ): string {
    const { podId, membership, nonce } = this.#options;
    if (membership.key === undefined) throw new PodUnreachable('The key of the pods is not known yet.');
    const claims: PodClaims = {
      from: podId,
      to: pod.podId,
      toBoot: pod.bootId,
      atMs: Math.round(membership.nowMs()),
      nonce: nonce(),
      bodySha256: bodyHash(body.chunks),
      bodyBytes: body.bytes,
      ...(call === undefined ? {} : { call }),
    };
    return signClaims(membership.key, target, claims);
  }
}

/** @throws ServiceError RUNTIME_LOST when it breaks off or is longer than any answer can be */
export async function readAll(response: IncomingMessage, pod: PodLease): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > ANSWER_BYTES_MAX) throw new Error(`over ${ANSWER_BYTES_MAX} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw lost(pod, error);
  }
  return Buffer.concat(chunks, bytes);
}

function watchConnect(outgoing: ClientRequest): () => boolean {
  let isConnected = false;
  outgoing.once('socket', (socket) => {
    if (!socket.connecting) {
      isConnected = true;
      return;
    }
    const timer = setTimeout(() => outgoing.destroy(new Error(`no connection within ${CONNECT_MS} ms`)), CONNECT_MS);
    socket.once('connect', () => {
      isConnected = true;
    });
    const stopWaiting = (): void => clearTimeout(timer);
    socket.once('connect', stopWaiting).once('close', stopWaiting);
  });
  return () => isConnected;
}

/** It was reached, and broke off. */
export function lost({ podId }: PodLease, cause: unknown): ServiceError {
  return new ServiceError('RUNTIME_LOST', `The pod ${podId} was lost during the call; the function may have run.`, { cause });
}

function asJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
