import { ServiceError } from '@easyfaas/service-kit';
import { type Chain, assertDepth } from '../async/chain';
import { withFacts } from '../async/delivery-context';
import type { EventIntake } from '../async/event-intake';
import type { ResolvedFunction } from '../functions/function-name';
import type { HttpInvocation } from './http-invocation';
import type { KeptCalls } from './kept-calls';
import type { Payload } from './payload';

/** What the invocation path needs of the events. */
export interface EventPath {
  intake: EventIntake;
  /** Bytes of one event's payload. */
  payloadLimitBytes: number;
  chain: () => Promise<Chain>;
  /** Synchronous calls under a key. */
  keptCalls: KeptCalls;
}

/** Takes the body of an invocation as an event and answers 202 when it is safe. */
export function acceptEvent(
  events: EventPath,
  invocation: HttpInvocation,
  accountId: string,
  reference: ResolvedFunction,
  clientContext: string | undefined,
): void {
  const { headers, requestId } = invocation;
  const { payloadLimitBytes } = events;
  invocation.readBody(payloadLimitBytes, (body) => {
    const payload = body instanceof ServiceError ? body : invocation.dialect.payloadOf(body);
    if (payload instanceof ServiceError) return void invocation.refuse(eventTooLarge(payload, payloadLimitBytes));
    const accept = async (): Promise<void> => {
      const accepted = await events.intake.accept({
        accountId,
        functionName: reference.functionName,
        qualifier: reference.qualifier,
        payload: wholeOf(payload),
        contentType: invocation.dialect.contentTypeOf(headers),
        clientContext,
        traceparent: headers.traceparent,
        tracestate: headers.tracestate,
        source: 'api',
        keyId: invocation.principal?.keyId,
        depth: await depthOf(events, headers.depth),
        idempotencyKey: headers.idempotencyKey,
        requestId,
      });
      invocation.accept(accepted.requestId);
    };
    accept().catch((error: unknown) => void invocation.refuse(error));
  });
}

/** What a caller says of the chain that it belongs to; a depth that the platform did not sign is none. */
export async function depthOf({ chain }: Pick<EventPath, 'chain'>, header: string | undefined): Promise<number> {
  return header === undefined ? 0 : ((await chain()).read(header) ?? 0);
}

/**
 * The client context of a synchronous call that belongs to a chain: the function can carry the chain on.
 * @throws ServiceError RECURSION_LIMIT
 */
export async function contextOfChain(
  events: Pick<EventPath, 'chain'>,
  header: string,
  clientContext: string | undefined,
): Promise<string | undefined> {
  const depth = await depthOf(events, header);
  assertDepth(depth);
  return withFacts(clientContext, { depth: (await events.chain()).sign(depth + 1) });
}

/** Mostly one piece. */
function wholeOf({ chunks, bytes }: Payload): Buffer {
  const [first] = chunks;
  return first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks, bytes);
}

function eventTooLarge(error: ServiceError, limitBytes: number): ServiceError {
  if (error.code !== 'PAYLOAD_TOO_LARGE') return error;
  const text = `The payload is over ${limitBytes} bytes, the limit of an event (EASYFAAS_ASYNC_PAYLOAD_KB).`;
  return new ServiceError('PAYLOAD_TOO_LARGE', text, { cause: error, details: { limitBytes } });
}
