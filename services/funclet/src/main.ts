import { createLogger, runService } from '@easyfaas/service-kit';
import { readConfig } from './config';
import { Funclet } from './funclet';

try {
  const config = readConfig(process.env);
  const logger = createLogger('funclet', config.logLevel);
  const version = process.env['EASYFAAS_BUILD_VERSION'] ?? 'development';
  void runService(() => new Funclet({ config, logger, version }), { logger, drainMs: config.drainMs });
} catch (error) {
  createLogger('funclet', 'error').error('start failed', { error });
  process.exitCode = 1;
}
