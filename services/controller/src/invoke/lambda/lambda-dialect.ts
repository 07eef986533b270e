import { FUNCTION_ERRORS } from '@easyfaas/contracts/wire';
import { LATEST, type ResolvedFunction, decodeSegment } from '../../functions/function-name';
import { LAMBDA_REQUEST_ID_HEADER } from '../../http/lambda/lambda-answers';
import { type LambdaOwner, isPossibleName, lambdaFunctionNotFound, readLambdaName } from '../../http/lambda/lambda-name';
import { logTail } from '../call-record';
import type { InvokeDialect } from '../invoke-dialect';
import { serverTiming } from '../server-timing';
import { type LambdaCallerDeps, lambdaCaller } from './lambda-caller';
import { checkLambdaHeaders } from './lambda-headers';
import { lambdaPayload, notJson } from './lambda-payload';
import { type LambdaRefusalDeps, asServiceErrors, sendLambdaRefusal } from './lambda-refusal';

/** AWS Lambda's way: `/2015-03-31/functions/{name or ARN}/invocations`. */
export function lambdaDialect(deps: LambdaCallerDeps & LambdaRefusalDeps): InvokeDialect {
  const { region } = deps;
  return {
    authenticate: lambdaCaller(deps),
    resolve: ({ target }, accountId) => {
      target.resolved = asServiceErrors(() => resolveName(target.functionId, target.qualifier, { accountId, region }));
      return target.resolved;
    },
    checkHeaders: (headers) => checkLambdaHeaders(headers),
    payloadOf: lambdaPayload,
    // The SDKs say `application/octet-stream` of everything; it is always JSON.
    contentTypeOf: () => undefined,
    resultHeaders: (call, outcome) => {
      const headers = [
        'Content-Type',
        outcome.kind === 'result' ? outcome.contentType : 'application/json',
        'Content-Length',
        String(outcome.body.length),
        LAMBDA_REQUEST_ID_HEADER,
        call.requestId,
        'X-Easyfaas-Request-Id',
        call.requestId,
        'X-Amz-Executed-Version',
        call.request.stored.configuration.Version,
        'Server-Timing',
        serverTiming(call),
      ];
      if (call.containerId !== undefined) headers.push('X-Easyfaas-Container', call.containerId);
      if (call.trace !== undefined) headers.push('Traceparent', call.trace.traceparent);
      if (call.start !== undefined) headers.push('X-Easyfaas-Start', call.start);
      if (outcome.kind === 'function-error') headers.push('X-Amz-Function-Error', 'Unhandled');
      if (call.request.wantsLogTail) headers.push('X-Amz-Log-Result', logTail(call, outcome).toString('base64'));
      return headers;
    },
    refusalOf: (outcome) =>
      outcome.kind === 'function-error' && outcome.errorType === FUNCTION_ERRORS.unmarshal ? notJson('it is none') : undefined,
    accepted: ({ requestId }, eventId) => ({ status: 202, headers: ids(eventId, requestId), body: Buffer.alloc(0) }),
    confirmed: ({ requestId }) => ({ status: 204, headers: ids(requestId, requestId), body: undefined }),
    sendError: (invocation, error) => sendLambdaRefusal(deps, invocation, error),
  };
}

function resolveName(segment: string, asked: string, owner: LambdaOwner): ResolvedFunction {
  const { functionName, qualifier = LATEST } = readLambdaName(decodeSegment(segment), owner, asked === '' ? undefined : asked);
  if (!isPossibleName(functionName)) throw lambdaFunctionNotFound(owner, { functionName, qualifier });
  return { functionName, qualifier };
}

/** @param eventId under which the invocation is found later */
function ids(eventId: string, requestId: string): string[] {
  return [LAMBDA_REQUEST_ID_HEADER, eventId, 'X-Easyfaas-Request-Id', requestId];
}
