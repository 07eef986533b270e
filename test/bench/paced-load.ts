import { Agent, request } from 'node:http';
import type { Target } from './load';

/** Requests that are sent together: a timer of Node is no finer. */
const TICK_MS = 1;

/**
 * Open-loop load: requests leave at a fixed rate whatever the answers do, and latency counts from when each was due, so that a
 * stall is charged to all whom it delayed.
 * @returns latencies, ms
 * @throws when an answer is not 200
 */
export async function pacedLoad(target: Target, requestsPerSecond: number, seconds: number, connections: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections, scheduling: 'lifo' });
  const latenciesMs: number[] = [];
  const total = Math.floor(requestsPerSecond * seconds);
  let failure: Error | undefined;
  const startedAt = performance.now();
  try {
    await new Promise<void>((resolve) => {
      let sent = 0;
      let open = 0;
      const done = (): void => {
        open--;
        if (sent === total && open === 0) resolve();
      };
      const timer = setInterval(() => {
        const due = Math.min(total, Math.floor(((performance.now() - startedAt) / 1000) * requestsPerSecond));
        for (; sent < due; sent++, open++) {
          const dueAt = startedAt + (sent / requestsPerSecond) * 1000;
          send(agent, target, (error) => {
            if (error === undefined) latenciesMs.push(performance.now() - dueAt);
            else failure ??= error;
            done();
          });
        }
        if (sent === total) clearInterval(timer);
      }, TICK_MS);
    });
  } finally {
    agent.destroy();
  }
  if (failure !== undefined) throw failure;
  return latenciesMs;
}

function send(agent: Agent, { url, headers, body, subject }: Target, done: (error?: Error) => void): void {
  const outgoing = request(
    url,
    { agent, method: 'POST', headers: { ...headers, 'Content-Length': Buffer.byteLength(body) } },
    (response) => {
      response
        .resume()
        .on('end', () => done(response.statusCode === 200 ? undefined : new Error(`${subject} answered ${response.statusCode ?? 0}`)));
    },
  );
  outgoing.on('error', done).end(body);
}
