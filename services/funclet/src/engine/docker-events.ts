import { setTimeout as delay } from 'node:timers/promises';
import type { Clock, Logger } from '@easyfaas/service-kit';
import type { EngineEvent, EngineEventListener } from './container-engine';
import { LABELS } from './labels';

export interface EventWatch {
  open: (signal: AbortSignal) => Promise<NodeJS.ReadableStream>;
  listener: EngineEventListener;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
}

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 2_000;
/** A line of Docker's that is longer is no event of ours. */
const LINE_BYTES_MAX = 256 * 1024;

/** Follows the stream of events, for ever: opens it again after each break, with a growing pause while Docker is down. */
export function watchDockerEvents(watch: EventWatch): void {
  void follow(watch);
}

async function follow({ open, listener, clock, logger, signal }: EventWatch): Promise<void> {
  let retryMs = FIRST_RETRY_MS;
  while (!signal.aborted) {
    const openedMs = clock.monotonicMs();
    try {
      const stream = await open(signal);
      listener.onOpen();
      await readLines(stream, (line) => {
        const event = parseEvent(line);
        if (event !== undefined) listener.onEvent(event);
      });
      logger.warn('docker event stream ended');
    } catch (error) {
      if (!signal.aborted) logger.warn('docker event stream broke', { error });
    }
    if (clock.monotonicMs() - openedMs > LAST_RETRY_MS) retryMs = FIRST_RETRY_MS;
    await pause(retryMs, signal);
    retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal, ref: false }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

async function readLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): Promise<void> {
  stream.setEncoding('utf8');
  let rest = '';
  for await (const chunk of stream) {
    const lines = `${rest}${String(chunk)}`.split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LINE_BYTES_MAX) throw new Error(`Docker sent a line of over ${LINE_BYTES_MAX} bytes`);
    for (const line of lines) onLine(line);
  }
}

/** @returns undefined for events that change nothing for us */
export function parseEvent(line: string): EngineEvent | undefined {
  if (line.trim() === '') return undefined;
  const event = JSON.parse(line) as { Action?: unknown; Actor?: { ID?: unknown; Attributes?: Record<string, unknown> } };
  const dockerId = event.Actor?.ID;
  const containerId = event.Actor?.Attributes?.[LABELS.container];
  if (typeof dockerId !== 'string' || typeof containerId !== 'string') return undefined;
  if (event.Action === 'die') return { type: 'died', dockerId, containerId };
  if (event.Action === 'destroy') return { type: 'removed', dockerId, containerId };
  return undefined;
}
