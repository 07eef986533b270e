import type { Server } from 'node:http';
import type { Clock } from '@easyfaas/service-kit';
import type { PlainFront } from './plain/plain-front';

/** How long requests are still taken after readiness has said no: whoever balances load needs to see it first, ms. */
const LAME_DUCK_MS = 300;

/**
 * Closes a server without breaking a request: first every answer closes its connection, then the listener goes, then the
 * connections that are idle; returns when the last one has ended, or the deadline has come.
 */
export async function drained(server: Server, deadline: AbortSignal, clock: Clock, plainFront?: PlainFront): Promise<void> {
  await new Promise<void>((resolve) => clock.after(LAME_DUCK_MS, resolve));
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
    plainFront?.closeIdle();
    const giveUp = (): void => {
      server.closeAllConnections();
      plainFront?.closeAll();
      resolve();
    };
    if (deadline.aborted) giveUp();
    else deadline.addEventListener('abort', giveUp, { once: true });
  });
}
