import { type Agent, type IncomingHttpHeaders, request } from 'node:http';
import { stack } from '../support/stack';

export interface TimedAnswer {
  /** From sending to the last byte of the answer, ms. */
  elapsedMs: number;
  status: number;
  text: string;
  headers: IncomingHttpHeaders;
}

/** One request to the stack with its key, by a connection of the agent that is open already where there is one. */
export function timedRequest(
  agent: Agent,
  method: string,
  path: string,
  body = '',
  contentType = 'application/json',
): Promise<TimedAnswer> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const outgoing = request(
      `${stack.url}${path}`,
      {
        agent,
        method,
        headers: { Authorization: `Bearer ${stack.key}`, 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response
          .on('error', reject)
          .on('end', () =>
            resolve({ elapsedMs: performance.now() - startedAt, status: response.statusCode ?? 0, text, headers: response.headers }),
          );
      },
    );
    outgoing.on('error', reject).end(body);
  });
}
