import { type InvokeHeaders, readInvokeHeaders } from './request-headers';
import { type InvokeTarget, parseInvokeTarget } from './request-target';

/** What request line and headers say of an invocation. Depends on nothing else, so it can be kept beside them. */
export interface InvocationHead {
  readonly target: InvokeTarget;
  readonly headers: InvokeHeaders;
}

/** Of a POST. @returns undefined for what is no invocation: the API answers those */
export function readInvocationHead(url: string, rawHeaders: readonly string[]): InvocationHead | undefined {
  const target = parseInvokeTarget(url);
  return target === undefined ? undefined : { target, headers: readInvokeHeaders(rawHeaders) };
}
