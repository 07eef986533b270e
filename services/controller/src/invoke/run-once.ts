import { createHash } from 'node:crypto';
import type { Logger } from '@easyfaas/service-kit';
import type { StoredFunction } from '@easyfaas/contracts/wire';
import { invalidField } from '../invalid-field';
import type { Call, Reply } from './call';
import type { HttpInvocation } from './http-invocation';
import type { KeptCalls, KeyedCall } from './kept-calls';
import type { Outcome } from './outcome';
import type { Payload } from './payload';

export interface RunOnceDeps {
  logger: Logger;
  keptCalls: KeptCalls;
}

/** A key as long as those of events. */
const KEY_BYTES = 256;
/** What a call may take beside the time-out of its function: waiting for a container and its start, ms. */
const LEASE_MORE_MS = 60_000;
const OK = 200;
const REPLAYED = 'X-Easyfaas-Idempotent-Replayed';

/**
 * A synchronous call that came with an `Idempotency-Key`: its answer is kept before it is given, and given again to whoever
 * repeats the call. It goes on when its client goes away, since the client will ask again. What the platform could not do may be tried again under the same key.
 * @param submit hands the call to the dispatcher
 */
export function runOnce(
  deps: RunOnceDeps,
  invocation: HttpInvocation,
  stored: StoredFunction,
  payload: Payload,
  submit: (reply: Reply) => void,
): void {
  const run = async (): Promise<void> => {
    const call = keyedCall(invocation, stored, payload);
    const known = await deps.keptCalls.claim(call);
    if (known !== undefined) invocation.repeat([...known.headers, REPLAYED, 'true'], known.body);
    else submit(new KeepingReply(deps, invocation, call));
  };
  run().catch((error: unknown) => void invocation.refuse(error));
}

/** Keeps the answer, then gives it. */
class KeepingReply implements Reply {
  readonly #deps: RunOnceDeps;
  readonly #invocation: HttpInvocation;
  readonly #call: KeyedCall;

  constructor(deps: RunOnceDeps, invocation: HttpInvocation, call: KeyedCall) {
    this.#deps = deps;
    this.#invocation = invocation;
    this.#call = call;
  }

  settle(call: Call, outcome: Outcome): number {
    const { keptCalls, logger } = this.#deps;
    const invocation = this.#invocation;
    const isRan = outcome.kind === 'result' || outcome.kind === 'function-error';
    const written =
      isRan && invocation.dialect.refusalOf(outcome) === undefined
        ? keptCalls.keep(this.#call, { headers: invocation.dialect.resultHeaders(call, outcome), body: outcome.body })
        : keptCalls.release(this.#call);
    written
      // The function has run: its caller learns the outcome in any case.
      .catch((error: unknown) => logger.warn('the answer to a call with a key could not be kept', { requestId: call.requestId, error }))
      .finally(() => void invocation.settle(call, outcome));
    if (isRan) return OK;
    return outcome.kind === 'platform-error' ? outcome.error.status : OK;
  }
}

/** @throws ServiceError VALIDATION_FAILED */
function keyedCall({ headers, exchange, requestId }: HttpInvocation, stored: StoredFunction, payload: Payload): KeyedCall {
  const { idempotencyKey = '', contentType = '', clientContext = '' } = headers;
  if (idempotencyKey === '' || Buffer.byteLength(idempotencyKey) > KEY_BYTES) {
    throw invalidField('Idempotency-Key', `Idempotency-Key must have 1 to ${KEY_BYTES} bytes.`);
  }
  const hash = createHash('sha256').update([exchange.url, contentType, clientContext, ''].join('\0'));
  for (const chunk of payload.chunks) hash.update(chunk);
  return {
    accountId: stored.accountId,
    functionName: stored.configuration.FunctionName,
    idempotencyKey,
    fingerprint: hash.digest('base64url'),
    requestId,
    leaseMs: stored.configuration.Timeout * 1000 + LEASE_MORE_MS,
  };
}
