import { createLogger, runService } from '@easyfaas/service-kit';
import { readConfig } from './config';
import { Controller } from './controller';

const bootLogger = createLogger('controller', 'info');
try {
  const config = readConfig(process.env);
  const logger = createLogger('controller', config.logLevel);
  void runService(() => new Controller(config, logger), { logger, drainMs: config.drainMs });
} catch (error) {
  bootLogger.error('configuration cannot be used', { error });
  process.exitCode = 1;
}
