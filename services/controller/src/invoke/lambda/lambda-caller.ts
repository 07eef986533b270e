import { LIMITS } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import { sourceOf } from '../../auth/credential';
import type { Authenticator, Principal } from '../../auth/principal';
import type { SignatureAuthenticator } from '../../auth/signature/signature-authenticator';
import { isSigned } from '../../auth/signature/signed-request';
import { holdPayload, payloadsUnderWay } from '../hold-payload';
import type { HttpInvocation } from '../http-invocation';
import { payloadOf } from '../payload';
import type { PayloadBudget } from '../payload-budget';

export interface LambdaCallerDeps {
  authenticator: Authenticator;
  /** Absent: signatures are not looked at. */
  signatures?: Pick<SignatureAuthenticator, 'authenticate'> | undefined;
  payloads: PayloadBudget;
}

/** Before it is known whose limit is reached, s. */
const RETRY_AFTER_S = 1;

/** Who calls: by a key, as in our own dialect, or by a signature, for which the body may have to be read first. */
export function lambdaCaller(deps: LambdaCallerDeps): (invocation: HttpInvocation) => Principal | Promise<Principal> {
  const { authenticator, signatures } = deps;
  return (invocation) => {
    const { headers } = invocation;
    const { request } = invocation.node;
    if (signatures === undefined || !isSigned(request.headers)) return authenticator.authenticate(headers.credential, sourceOf(request));
    return signer(deps.payloads, signatures, invocation);
  };
}

async function signer(
  payloads: PayloadBudget,
  signatures: Pick<SignatureAuthenticator, 'authenticate'>,
  invocation: HttpInvocation,
): Promise<Principal> {
  const { request } = invocation.node;
  const { principal, body } = await signatures.authenticate(request, sourceOf(request), () => wholeBody(payloads, invocation));
  if (body !== undefined) invocation.body = payloadOf(body);
  return principal;
}

/** Never settles when the client goes away meanwhile: nothing is waiting for it then. */
function wholeBody(payloads: PayloadBudget, invocation: HttpInvocation): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (!holdPayload(payloads, invocation)) return reject(payloadsUnderWay(payloads, RETRY_AFTER_S));
    invocation.readBody(LIMITS.syncPayloadBytes, (body) => {
      if (body instanceof ServiceError) reject(body);
      else resolve(Buffer.concat(body.chunks, body.bytes));
    });
  });
}
