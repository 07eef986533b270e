import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface ExchangeRequest {
  method: string;
  headers: Record<string, string>;
  body: Uint8Array | string | undefined;
  signal: AbortSignal | undefined;
}

/** One request with Node's own client: unlike `fetch` it shows the trailers of an answer, and waits for its beginning as long as it takes. */
export function httpExchange(url: URL, { method, headers, body, signal }: ExchangeRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
    const request = send(url, { method, headers: { ...headers, ...length }, ...(signal === undefined ? {} : { signal }) });
    request.once('response', resolve).once('error', reject);
    request.end(body);
  });
}
