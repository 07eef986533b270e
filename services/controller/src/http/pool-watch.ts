import type { Response } from 'express';
import type { PoolContainer, PoolReader } from './pool-reader';

/** The pool is compared with what the watcher saw last so often, ms: counts of calls change all the time. */
const LOOK_MS = 500;
/** Without an event a comment keeps the connection from being taken for dead, ms. */
const KEEP_ALIVE_MS = 10_000;
/** A watcher that lets so much pile up is cut off, bytes; it connects again and gets everything. */
const BUFFERED_BYTES_MAX = 1024 * 1024;

/**
 * The pool as server-sent events: `container` for each that is new or has changed, `gone` with its id, and `pool` for
 * everything else when that has changed. Everything once at the beginning. Ends when the watcher goes, its key ends or the service stops.
 * @param shown what of a container may be seen
 */
export function streamPool(
  response: Response,
  pool: PoolReader,
  shown: (container: PoolContainer) => object,
  mustEnd: () => boolean | Promise<boolean>,
): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  let known = new Map<string, string>();
  let facts = '';
  let quietMs = 0;
  const write = (text: string): void => {
    response.write(`${text}\n\n`);
    quietMs = 0;
  };
  const send = (event: string, json: string): void => write(`event: ${event}\ndata: ${json}`);
  const look = async (): Promise<void> => {
    if (await mustEnd()) return void response.end();
    if (response.writableLength > BUFFERED_BYTES_MAX) return void response.destroy();
    const { containers, ...rest } = await pool.list();
    const now = new Map(containers.map((container) => [container.containerId, JSON.stringify(shown(container))]));
    const text = JSON.stringify(rest);
    if (text !== facts) send('pool', text);
    facts = text;
    for (const [containerId, json] of now) if (known.get(containerId) !== json) send('container', json);
    for (const containerId of known.keys()) if (!now.has(containerId)) send('gone', JSON.stringify({ containerId }));
    known = now;
    quietMs += LOOK_MS;
    if (quietMs >= KEEP_ALIVE_MS) write(':');
  };
  const fail = (error: Error): void => void response.destroy(error);
  look().catch(fail);
  const timer = setInterval(() => void look().catch(fail), LOOK_MS);
  response.on('close', () => clearInterval(timer));
}
