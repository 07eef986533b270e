import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@easyfaas/service-kit';
import type { EngineFacts } from './container-engine';
import type { DockerEngine } from './docker-engine';

const RETRY_MS = 500;

/** What the engine says of itself; Docker may be starting too. @throws EngineError when it does not answer in time */
export async function awaitEngine(engine: DockerEngine, logger: Logger, signal: AbortSignal): Promise<EngineFacts> {
  for (;;) {
    try {
      return await engine.facts(signal);
    } catch (error) {
      logger.warn('docker does not answer yet', { error });
      if (signal.aborted) throw error;
      await delay(RETRY_MS);
    }
  }
}
