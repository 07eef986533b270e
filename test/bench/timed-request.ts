import { type Agent, type IncomingHttpHeaders, request } from 'node:http';
import { stack } from '../support/stack';

export interface TimedAnswer {
  /** From sending to the last byte of the answer, ms. */
  elapsedMs: number;
  status: number;
  text: string;
  headers: IncomingHttpHeaders;
}

/**
 * Opens the agent's connection, as one of a client that calls functions and asks for nothing else: with any other request it would be Node's parser's from
 * there on (ADR 0040).
 */
export async function callNobody(agent: Agent): Promise<void> {
  const { status } = await timedRequest(agent, 'POST', '/v1/functions/nobody/invocations', '{}');
  if (status !== 404) throw new Error(`a call to no function answered ${status}`);
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
