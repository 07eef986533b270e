import { systemClock } from '@easyfaas/service-kit';

/** Does work again and again, each time a while after the last has ended. */
export function periodically(pauseMs: number, signal: AbortSignal, work: () => Promise<void>): void {
  const next = (): void => {
    const cancel = systemClock.after(pauseMs, () => {
      signal.removeEventListener('abort', cancel);
      void work().finally(next);
    });
    if (signal.aborted) cancel();
    else signal.addEventListener('abort', cancel, { once: true });
  };
  next();
}
