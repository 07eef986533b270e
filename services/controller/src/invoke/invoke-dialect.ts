import type { ServiceError } from '@easyfaas/service-kit';
import type { Principal } from '../auth/principal';
import type { ResolvedFunction } from '../functions/function-name';
import type { AnswerSink } from './answer-stream';
import type { Call } from './call';
import type { Answer } from './exchange';
import type { StreamSettings } from './http-answer-sink';
import type { HttpInvocation } from './http-invocation';
import type { FunctionErrorOutcome, Outcome, ResultOutcome } from './outcome';
import type { Payload } from './payload';
import type { InvokeHeaders } from './request-headers';

/** A call that has reached its function. */
export type RanOutcome = ResultOutcome | FunctionErrorOutcome;

/** Where a streamed answer goes. */
export interface InvocationSink extends AnswerSink {
  /** The call has ended behind what the sink was given; the response is to be ended or broken off. */
  finish(call: Call, outcome: Outcome): void;
  /** The function answered in one piece; absent where that is answered like any other. @returns the HTTP status */
  sendWhole?(call: Call, outcome: RanOutcome): number;
}

/** How invocations are asked for and answered at one dialect's paths. What happens in between is the same for all. */
export interface InvokeDialect {
  /** @throws ServiceError UNAUTHORIZED, FORBIDDEN, THROTTLED, STORE_UNAVAILABLE */
  authenticate(invocation: HttpInvocation): Principal | Promise<Principal>;
  /** The function that the path means. @throws ServiceError INVALID_NAME, FUNCTION_NOT_FOUND, VALIDATION_FAILED */
  resolve(invocation: HttpInvocation, accountId: string): ResolvedFunction;
  /** @throws ServiceError VALIDATION_FAILED, UNSUPPORTED_MEDIA_TYPE */
  checkHeaders(headers: InvokeHeaders): void;
  /** What the function gets; an error to answer with when it can be nothing. */
  payloadOf(body: Payload): Payload | ServiceError;
  /** Type of the payload, as the function is told. */
  contentTypeOf(headers: InvokeHeaders): string | undefined;
  /** Whoever takes the answer in pieces; undefined when the client wants it whole. Absent in a dialect without streaming. */
  openSink?(invocation: HttpInvocation, settings: StreamSettings): InvocationSink | undefined;
  /** Of the answer to a call that has run: name, value, name, value. */
  resultHeaders(call: Call, outcome: RanOutcome): string[];
  /** Set when an outcome is told as an error instead. */
  refusalOf(outcome: RanOutcome): ServiceError | undefined;
  /** The event is safe. */
  accepted(invocation: HttpInvocation, eventId: string): Answer;
  /** A dry run went well. */
  confirmed(invocation: HttpInvocation): Answer;
  sendError(invocation: HttpInvocation, error: ServiceError): void;
}
