import type { ServerResponse } from 'node:http';
import { asServiceError } from '@easyfaas/service-kit';
import { sendError } from '../http/send-error';
import type { Call, Reply } from './call';
import { logTail } from './call-record';
import type { Outcome } from './outcome';
import { milliseconds, serverTiming } from './server-timing';

/** What nginx logs for a client that went away; nobody sees it but the record. */
const CLIENT_CLOSED_REQUEST = 499;
/** Bodies up to this size leave in one write with the header, as text: two chunks would be a writev of two. */
const ONE_WRITE_BYTES = 16 * 1024;

/** Answers one HTTP request with the outcome of its call. */
export class HttpReply implements Reply {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  settle(call: Call, outcome: Outcome): number {
    const response = this.#response;
    if (response.destroyed || response.headersSent || outcome.kind === 'abandoned') return CLIENT_CLOSED_REQUEST;
    if (outcome.kind === 'platform-error') {
      const error = asServiceError(outcome.error);
      sendError(response, error, call.requestId);
      return error.status;
    }
    const { body } = outcome;
    const headers = [
      'Content-Type',
      outcome.kind === 'result' ? outcome.contentType : 'application/json',
      'Content-Length',
      String(body.length),
      'X-Easyfaas-Request-Id',
      call.requestId,
      'X-Easyfaas-Function-Exectime',
      milliseconds(call.invokeMs),
      'Server-Timing',
      serverTiming(call),
    ];
    if (call.containerId !== undefined) headers.push('X-Easyfaas-Container', call.containerId);
    if (call.start !== undefined) headers.push('X-Easyfaas-Start', call.start);
    if (outcome.kind === 'function-error') headers.push('X-Easyfaas-Function-Error', 'Unhandled');
    if (call.request.wantsLogTail) headers.push('X-Easyfaas-Log-Result', logTail(call, outcome).toString('base64'));
    response.writeHead(200, headers);
    if (body.length <= ONE_WRITE_BYTES) response.end(body.toString('latin1'), 'latin1');
    else response.end(body);
    return 200;
  }
}
