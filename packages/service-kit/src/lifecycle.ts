import { systemClock } from './clock';
import type { Logger } from './logger';
import { giveBackSpareMemory, processFigures } from './spare-memory';

/** A service that can be started and stopped once. */
export interface Service {
  /** Resolves when it takes work. */
  start(): Promise<void>;
  /** Stops taking work, finishes what is in flight until the signal aborts, closes everything. */
  stop(deadline: AbortSignal): Promise<void>;
}

/** Of a timer that does nothing. */
const KEEP_ALIVE_MS = 60_000;

export interface LifecycleOptions {
  logger: Logger;
  /** Milliseconds for {@link Service.stop}. */
  drainMs: number;
}

/**
 * Runs a service until SIGTERM or SIGINT, then drains it; a second signal ends the process at once. Exit codes: 0 after a
 * clean stop, 1 when starting or stopping failed, 130 on the second signal.
 */
export async function runService(build: () => Service, { logger, drainMs }: LifecycleOptions): Promise<void> {
  process.on('uncaughtException', (error) => {
    logger.error('uncaught exception', { error });
    // The state is unknown from here on; whoever supervises us starts a fresh process, which adopts the containers.
    exitAfterFlush(1);
  });
  try {
    const service = build();
    await service.start();
    const figures = processFigures();
    if (figures !== undefined) giveBackSpareMemory(systemClock, figures);
    stopOnSignal(service, logger, drainMs);
  } catch (error) {
    logger.error('start failed', { error });
    exitAfterFlush(1);
  }
}

function stopOnSignal(service: Service, logger: Logger, drainMs: number): void {
  let isStopping = false;
  const onSignal = (signal: string): void => {
    if (isStopping) {
      logger.warn('second signal, ending at once', { signal });
      exitAfterFlush(130);
      return;
    }
    isStopping = true;
    logger.info('stopping', { signal, drainMs });
    // With its servers closed nothing else may keep the process from ending in the middle: timers of the clock do not.
    setInterval(() => undefined, KEEP_ALIVE_MS);
    service.stop(AbortSignal.timeout(drainMs)).then(
      () => {
        logger.info('stopped');
        exitAfterFlush(0);
      },
      (error: unknown) => {
        logger.error('stop failed', { error });
        exitAfterFlush(1);
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

/** Log lines written before are on their way through a pipe: give the event loop one turn. */
function exitAfterFlush(code: number): void {
  process.exitCode = code;
  setTimeout(() => process.exit(code), 20);
}
