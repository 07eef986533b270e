import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, ServiceError } from '@easyfaas/service-kit';
import { LIMITS, type PodCall, type PodClaims, type StoredFunction } from '@easyfaas/contracts/wire';
import type { FunctionDirectory } from '../functions/function-directory';
import type { Dispatcher } from '../invoke/dispatcher';
import { readBody } from '../invoke/front-request';
import type { Payload } from '../invoke/payload';
import type { PayloadBudget } from '../invoke/payload-budget';
import { bodyHash } from './pod-claims';
import { PodAnswerSink } from './pod-answer-sink';
import { PodReply } from './pod-reply';

export interface PodCallReceiverOptions {
  clock: Clock;
  directory: Pick<FunctionDirectory, 'find'>;
  dispatcher: Pick<Dispatcher, 'submit' | 'abandon'>;
  payloads: Pick<PayloadBudget, 'take' | 'give'>;
  isDraining: () => boolean;
}

/** Calls that other pods have no room for. The principal is who the other pod says: it has signed it. */
export class PodCallReceiver {
  readonly #options: PodCallReceiverOptions;

  constructor(options: PodCallReceiverOptions) {
    this.#options = options;
  }

  /** @throws ServiceError; what comes later is answered, not thrown */
  async receive(request: IncomingMessage, response: ServerResponse, claims: PodClaims): Promise<void> {
    const { clock, directory, isDraining } = this.#options;
    const receivedAtMs = clock.monotonicMs();
    const { call } = claims;
    if (call === undefined) throw new ServiceError('BAD_REQUEST', 'The claims describe no call.');
    if (isDraining()) throw new ServiceError('SHUTTING_DOWN', 'The pod is stopping and takes no new work.');
    const payload = await this.#readPayload(request, response, claims);
    const stored = await this.#find(directory, call, claims);
    const release = (): void => this.#options.payloads.give(claims.bodyBytes);
    // Its pod has gone meanwhile: nobody would get the answer.
    if (response.destroyed) return release();
    const sink = call.takesPieces === true ? new PodAnswerSink(response, { clock, payloads: this.#options.payloads }) : undefined;
    const submitted = this.#options.dispatcher.submit({
      requestId: call.requestId,
      stored,
      payload,
      contentType: call.contentType,
      clientContext: call.clientContext,
      traceparent: call.traceparent,
      tracestate: call.tracestate,
      wantsLogTail: true,
      receivedAtMs,
      forwarded: { podId: claims.from, isAdmitted: call.isAdmitted },
      sink,
      reply: new PodReply(response, sink, release),
    });
    response.once('close', () => {
      if (!response.writableFinished) this.#options.dispatcher.abandon(submitted);
    });
  }

  async #find(directory: PodCallReceiverOptions['directory'], call: PodCall, { bodyBytes }: PodClaims): Promise<StoredFunction> {
    try {
      return await directory.find(call.principal.accountId, call.functionName, call.version);
    } catch (error) {
      this.#options.payloads.give(bodyBytes);
      throw error;
    }
  }

  /** Reserves memory for it, and checks that it is what was signed. */
  async #readPayload(request: IncomingMessage, response: ServerResponse, { bodyBytes, bodySha256 }: PodClaims): Promise<Payload> {
    const { payloads } = this.#options;
    if (Number(request.headers['content-length'] ?? 0) !== bodyBytes) throw unsigned();
    if (!payloads.take(bodyBytes)) throw new ServiceError('THROTTLED', 'The pod has no memory for the payload (EASYFAAS_PAYLOADS_MB).');
    let isRead = false;
    try {
      const payload = await new Promise<Payload>((resolve, reject) => {
        response.once('close', () => reject(new ServiceError('BAD_REQUEST', 'The body ended before its announced length.')));
        readBody(request, { contentLength: bodyBytes, isChunked: false }, LIMITS.syncPayloadBytes, (read) =>
          read instanceof ServiceError ? reject(read) : resolve(read),
        );
      });
      if (bodyHash(payload.chunks) !== bodySha256) throw unsigned();
      isRead = true;
      return payload;
    } finally {
      if (!isRead) payloads.give(bodyBytes);
    }
  }
}

function unsigned(): ServiceError {
  return new ServiceError('UNAUTHORIZED', 'The body is not the one that was signed.');
}
