import { LIMITS } from '@easyfaas/contracts/wire';
import type { ServiceError } from '@easyfaas/service-kit';
import { throttled } from './admission';
import type { HttpInvocation } from './http-invocation';
import type { PayloadBudget } from './payload-budget';

/**
 * Sets memory aside for the body of an invocation, before it is read. One over the limit is for whoever reads it.
 * @returns false when too many large payloads are under way
 */
export function holdPayload(payloads: PayloadBudget, invocation: HttpInvocation): boolean {
  const { contentLength, isChunked } = invocation.headers;
  const bytes = Math.min(isChunked ? LIMITS.syncPayloadBytes : Math.max(0, contentLength), LIMITS.syncPayloadBytes);
  return bytes === 0 || invocation.hold(payloads, bytes);
}

export function payloadsUnderWay({ heldBytes, limitBytes }: PayloadBudget, retryAfterS: number): ServiceError {
  const text = `Payloads of ${heldBytes} bytes are under way, ${limitBytes} may be (EASYFAAS_PAYLOADS_MB); try again shortly.`;
  return throttled('PayloadMemoryExceeded', text, retryAfterS);
}
