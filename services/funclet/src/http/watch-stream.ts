import type { ServerResponse } from 'node:http';
import type { WatchEvent } from '@easyfaas/contracts/wire';
import type { Clock } from '@easyfaas/service-kit';
import type { ContainerRegistry } from '../lifecycle/container-registry';

const HEARTBEAT_MS = 5_000;
/** A reader that lets this much pile up is cut off; it connects again and starts with a snapshot. */
const BUFFERED_BYTES_MAX = 4 * 1024 * 1024;

/**
 * Writes a snapshot, then every change and a heartbeat, one JSON per line, until the reader goes, is too slow, or we stop. What changes in one turn of the
 * event loop leaves together at its end: behind the answer of the request that changed it, which a call may wait for.
 */
export function streamChanges(response: ServerResponse, registry: ContainerRegistry, clock: Clock, stopping: AbortSignal): void {
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
  const events: WatchEvent[] = [];
  const flush = (): void => {
    const lines = events.splice(0).map((event) => `${JSON.stringify(event)}\n`);
    if (response.writableLength > BUFFERED_BYTES_MAX) response.destroy();
    else if (!response.writableEnded) response.write(lines.join(''));
  };
  const write = (event: WatchEvent): void => {
    if (events.length === 0) setImmediate(flush);
    events.push(event);
  };
  write({ type: 'snapshot', revision: registry.revision, containers: registry.views() });
  const stopListening = registry.listen({ onChange: (container, _previous, revision) => write({ type: 'change', revision, container }) });
  let stopHeartbeat: () => void;
  const beat = (): void => {
    write({ type: 'heartbeat', revision: registry.revision });
    stopHeartbeat = clock.after(HEARTBEAT_MS, beat);
  };
  stopHeartbeat = clock.after(HEARTBEAT_MS, beat);
  const end = (): void => void response.end();
  stopping.addEventListener('abort', end, { once: true });
  response.on('close', () => {
    stopping.removeEventListener('abort', end);
    stopListening();
    stopHeartbeat();
  });
}
