import { sourceOf } from '../auth/credential';
import type { Authenticator } from '../auth/principal';
import { resolveFunction } from '../functions/function-name';
import { errorAnswer } from '../http/send-error';
import { logTail } from './call-record';
import type { InvokeDialect } from './invoke-dialect';
import { checkInvokeHeaders, wantsStream } from './invoke-rules';
import { milliseconds, serverTiming } from './server-timing';
import { StreamedInvocation } from './streamed-invocation';

/** EasyFaaS's own way: `/v1/functions/{id}/invocations`. */
export function nativeDialect({ authenticator, region }: { authenticator: Authenticator; region: string }): InvokeDialect {
  return {
    authenticate: ({ headers, exchange }) => authenticator.authenticate(headers.credential, sourceOf(exchange)),
    resolve: ({ target }, accountId) => resolveFunction(target.functionId, { accountId, region }, target.qualifier),
    checkHeaders: checkInvokeHeaders,
    payloadOf: (body) => body,
    contentTypeOf: ({ contentType }) => contentType,
    openSink: (invocation, settings) => (wantsStream(invocation.headers) ? new StreamedInvocation(invocation.node, settings) : undefined),
    resultHeaders: (call, outcome) => {
      const headers = [
        'Content-Type',
        outcome.kind === 'result' ? outcome.contentType : 'application/json',
        'Content-Length',
        String(outcome.body.length),
        'X-Easyfaas-Request-Id',
        call.requestId,
        'X-Easyfaas-Function-Exectime',
        milliseconds(call.invokeMs),
        'Server-Timing',
        serverTiming(call),
        'X-Easyfaas-Executed-Version',
        call.request.stored.configuration.Version,
      ];
      if (call.containerId !== undefined) headers.push('X-Easyfaas-Container', call.containerId);
      if (call.elsewhere?.podId !== undefined) headers.push('X-Easyfaas-Pod', call.elsewhere.podId);
      if (call.trace !== undefined) headers.push('Traceparent', call.trace.traceparent);
      if (call.start !== undefined) headers.push('X-Easyfaas-Start', call.start);
      if (outcome.kind === 'function-error') headers.push('X-Easyfaas-Function-Error', 'Unhandled');
      if (call.request.wantsLogTail) headers.push('X-Easyfaas-Log-Result', logTail(call, outcome).toString('base64'));
      return headers;
    },
    refusalOf: () => undefined,
    accepted: ({ requestId }, eventId) => ({
      status: 202,
      headers: ['Content-Type', 'application/json', 'Location', `/v1/invocations/${eventId}`, 'X-Easyfaas-Request-Id', requestId],
      body: Buffer.from(JSON.stringify({ requestId: eventId })),
    }),
    confirmed: ({ requestId }) => ({ status: 204, headers: ['X-Easyfaas-Request-Id', requestId], body: undefined }),
    sendError: ({ exchange, requestId }, error) => exchange.refuse(errorAnswer(error, requestId)),
  };
}
