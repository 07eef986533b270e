import type { IncomingMessage } from 'node:http';
import { type Clock, type Logger, ServiceError, asServiceError } from '@easyfaas/service-kit';
import { SchemaError, parse, podCallFactsSchema } from '@easyfaas/contracts/schemas';
import {
  type ColdReason,
  type ErrorCode,
  POD_FACTS_HEADER,
  type PodCall,
  type PodCallFacts,
  type PodLease,
} from '@easyfaas/contracts/wire';
import type { AnswerStream } from '../invoke/answer-stream';
import type { Call } from '../invoke/call';
import type { Dispatcher } from '../invoke/dispatcher';
import type { Outcome } from '../invoke/outcome';
import { INIT_LIMIT_MS } from '../pool/warm-ups';
import { passAnswer } from './passed-answer';
import { type PodClient, PodUnreachable, lost, readAll } from './pod-client';
import type { PodMembership } from './pod-membership';

export interface PodCallsOptions {
  client: Pick<PodClient, 'send'>;
  membership: Pick<PodMembership, 'noteSent'>;
  dispatcher: () => Pick<Dispatcher, 'settle' | 'takeBack'>;
  clock: Clock;
  logger: Logger;
  /** How long the other pod may make it wait, ms. */
  waitMs: number;
  onEnd: (result: 'answered' | 'came back' | 'lost') => void;
}

const FACTS_HEADER = POD_FACTS_HEADER.toLowerCase();
/** For the ways there and back. */
const SLACK_MS = 5000;
/** With these the other pod says that the function was not begun: the call can still run here. */
const UNSPENT: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'THROTTLED',
  'RUNTIME_UNAVAILABLE',
  'SHUTTING_DOWN',
  'FUNCLET_UNAVAILABLE',
  'ENGINE_UNAVAILABLE',
  'CAPACITY_EXCEEDED',
  'STORE_UNAVAILABLE',
  'PACKAGE_MISSING',
  'CODE_CORRUPT',
  'DISK_FULL',
  'FUNCTION_NOT_FOUND',
  'NOT_READY',
  'UNAUTHORIZED',
  'ROUTE_NOT_FOUND',
]);

/** Calls of ours that run on other pods. To everybody but the dispatcher such a call looks like one that ran here. */
export class PodCalls {
  readonly #options: PodCallsOptions;

  constructor(options: PodCallsOptions) {
    this.#options = options;
  }

  /** @param refusal what the call is answered when it comes back: it may not stay here; undefined: it waits on */
  send(call: Call, pod: PodLease, refusal: ServiceError | undefined): void {
    const leaving = new AbortController();
    call.phase = 'running';
    call.elsewhere = { podId: pod.podId, cancel: () => leaving.abort() };
    const end = this.#options.membership.noteSent(pod.podId, 1 / call.pool.concurrency);
    this.#run(call, pod, leaving.signal)
      .then(() => this.#options.onEnd('answered'))
      .catch((error: unknown) => this.#fail(call, pod, error, refusal))
      .finally(end);
  }

  async #run(call: Call, pod: PodLease, signal: AbortSignal): Promise<void> {
    const { client, waitMs, dispatcher, clock } = this.#options;
    const response = await client.send(
      pod,
      {
        method: 'POST',
        path: '/internal/calls',
        body: call.request.payload,
        call: describe(call),
        deadlineMs: waitMs + INIT_LIMIT_MS + call.timeoutMs + SLACK_MS,
      },
      signal,
    );
    const facts = readFacts(response.headers[FACTS_HEADER], pod);
    if (facts.isStreamed === true && call.answer !== undefined) return this.#passOn(call, call.answer, response, facts, pod, signal);
    const body = await readAll(response, pod);
    noteFacts(call, facts, clock.monotonicMs());
    dispatcher().settle(call, outcomeOf(facts, response.headers['content-type'], body));
  }

  /** An answer in pieces; how it ended comes behind it. */
  async #passOn(
    call: Call,
    answer: AnswerStream,
    response: IncomingMessage,
    begun: PodCallFacts,
    pod: PodLease,
    signal: AbortSignal,
  ): Promise<void> {
    const { dispatcher, clock } = this.#options;
    const contentType = response.headers['content-type'] ?? 'application/octet-stream';
    noteFacts(call, begun, clock.monotonicMs());
    try {
      await passAnswer(response, answer, { contentType, http: begun.http }, signal);
    } catch (error) {
      throw lost(pod, error);
    }
    const facts = readFacts(response.trailers[FACTS_HEADER], pod);
    noteFacts(call, facts, clock.monotonicMs());
    dispatcher().settle(call, outcomeOf(facts, contentType, Buffer.from(facts.error ?? '', 'base64')));
  }

  #fail(call: Call, pod: PodLease, thrown: unknown, refusal: ServiceError | undefined): void {
    const { dispatcher, onEnd, logger } = this.#options;
    // Its client has gone, or has been answered that no more will come.
    if (call.isAbandoned || call.phase === 'settled') return dispatcher().settle(call, { kind: 'abandoned' });
    const error = thrown instanceof PodUnreachable ? thrown : asServiceError(thrown);
    const isUnspent = error instanceof PodUnreachable || UNSPENT.has(error.code);
    if (isUnspent) {
      onEnd('came back');
      if (call.elsewhere !== undefined) call.elsewhere.podId = undefined;
      if (refusal === undefined) return dispatcher().takeBack(call);
      return dispatcher().settle(call, { kind: 'platform-error', error: refusal });
    }
    onEnd('lost');
    logger.warn('call was lost on another pod', { requestId: call.requestId, pod: pod.podId, error });
    dispatcher().settle(call, { kind: 'platform-error', error });
  }
}

function describe({ request, isAdmitted, answer, trace }: Call): PodCall {
  const { stored, keyId, contentType, clientContext } = request;
  return {
    requestId: request.requestId,
    principal: { accountId: stored.accountId, ...(keyId === undefined ? {} : { keyId }) },
    functionName: stored.configuration.FunctionName,
    version: stored.configuration.Version,
    ...(contentType === undefined ? {} : { contentType }),
    ...(clientContext === undefined ? {} : { clientContext }),
    ...(trace === undefined ? {} : { traceparent: trace.traceparent }),
    ...(trace?.tracestate === undefined ? {} : { tracestate: trace.tracestate }),
    isAdmitted,
    ...(answer === undefined ? {} : { takesPieces: true }),
  };
}

function readFacts(header: string | string[] | undefined, { podId }: PodLease): PodCallFacts {
  try {
    return parse(podCallFactsSchema, JSON.parse(Buffer.from(String(header), 'base64url').toString('utf8')));
  } catch (cause) {
    if (!(cause instanceof SyntaxError) && !(cause instanceof SchemaError)) throw cause;
    throw new ServiceError('RUNTIME_LOST', `The pod ${podId} answered a call with something unexpected; the function has run.`, { cause });
  }
}

/** As if it had run in a container of ours. */
function noteFacts(call: Call, facts: PodCallFacts, nowMs: number): void {
  if (facts.containerId !== undefined) call.containerId = facts.containerId;
  call.start = facts.start;
  call.coldReason = facts.coldReason as ColdReason | undefined;
  call.warmUpMs = facts.warmUpMs;
  call.initMs = facts.initMs;
  call.sentAtMs = nowMs - facts.invokeMs - (facts.initMs ?? 0);
  if (facts.log !== undefined && facts.log !== '') call.addLog(Buffer.from(facts.log, 'base64'), 0);
}

function outcomeOf(facts: PodCallFacts, contentType: string | undefined, body: Buffer): Outcome {
  const { cpuMs, maxRssKb, http } = facts;
  if (facts.outcome === 'result') {
    return {
      kind: 'result',
      contentType: contentType ?? 'application/json',
      body,
      cpuMs,
      maxRssKb,
      ...(http === undefined ? {} : { http }),
    };
  }
  return { kind: 'function-error', errorType: facts.errorType ?? 'Error', body, cpuMs, maxRssKb };
}
