import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, ServiceError } from '@easyfaas/service-kit';
import { LIMITS, POD_FACTS_HEADER, type PodCall, type PodCallFacts, type PodClaims, type StoredFunction } from '@easyfaas/contracts/wire';
import type { FunctionDirectory } from '../functions/function-directory';
import { sendError } from '../http/send-error';
import type { Call, Reply } from '../invoke/call';
import type { Dispatcher } from '../invoke/dispatcher';
import { readBody } from '../invoke/front-request';
import { lastBytes } from '../invoke/log-tail';
import type { Outcome } from '../invoke/outcome';
import type { Payload } from '../invoke/payload';
import type { PayloadBudget } from '../invoke/payload-budget';
import { bodyHash } from './pod-claims';

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
    const reply = new PodReply(response, release);
    const submitted = this.#options.dispatcher.submit({
      requestId: call.requestId,
      stored,
      payload,
      contentType: call.contentType,
      clientContext: call.clientContext,
      traceparent: call.traceparent,
      wantsLogTail: true,
      receivedAtMs,
      forwarded: { podId: claims.from, isAdmitted: call.isAdmitted },
      reply,
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

/** The answer to another pod: facts in a header, the function's own bytes as the body. */
class PodReply implements Reply {
  readonly #response: ServerResponse;
  readonly #release: () => void;

  constructor(response: ServerResponse, release: () => void) {
    this.#response = response;
    this.#release = release;
  }

  settle(call: Call, outcome: Outcome): number {
    this.#release();
    const response = this.#response;
    if (response.headersSent || response.destroyed || outcome.kind === 'abandoned') return 499;
    if (outcome.kind === 'platform-error') {
      sendError(response, outcome.error, call.requestId);
      return outcome.error.status;
    }
    response.writeHead(200, {
      'Content-Type': outcome.kind === 'result' ? outcome.contentType : 'application/json',
      'Content-Length': outcome.body.length,
      [POD_FACTS_HEADER]: Buffer.from(JSON.stringify(factsOf(call, outcome))).toString('base64url'),
    });
    response.end(outcome.body);
    return 200;
  }
}

function factsOf(call: Call, outcome: Extract<Outcome, { kind: 'result' | 'function-error' }>): PodCallFacts {
  const { containerId, start, coldReason, warmUpMs, initMs, invokeMs, log } = call;
  const { cpuMs, maxRssKb } = outcome;
  return {
    outcome: outcome.kind,
    ...(outcome.kind === 'function-error' ? { errorType: outcome.errorType } : {}),
    ...(containerId === undefined ? {} : { containerId }),
    ...(start === undefined ? {} : { start }),
    ...(coldReason === undefined ? {} : { coldReason }),
    ...(warmUpMs === undefined ? {} : { warmUpMs }),
    ...(initMs === undefined ? {} : { initMs }),
    invokeMs,
    ...(cpuMs === undefined ? {} : { cpuMs }),
    ...(maxRssKb === undefined ? {} : { maxRssKb }),
    ...(log === undefined ? {} : { log: lastBytes(log.text(), LIMITS.logTailBytes).toString('base64') }),
  };
}
