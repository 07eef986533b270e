import { ServiceError } from '@easyfaas/service-kit';
import type { ReadinessCheck } from './http/routes/operations';
import { pingRedis } from './redis-connection';

export interface ReadinessParts {
  isDraining: () => boolean;
  redis: Parameters<typeof pingRedis>[0];
  engine: { watch: { isConnected: boolean } };
  /** undefined where no key is needed. */
  adminKey: { check(): Promise<void> } | undefined;
}

/** What `/readyz` asks before it says that calls can be taken. */
export function readinessChecks({ isDraining, redis, engine, adminKey }: ReadinessParts): ReadinessCheck[] {
  return [
    {
      name: 'lifecycle',
      check: async () => {
        if (isDraining()) throw new ServiceError('SHUTTING_DOWN', 'The service is stopping.');
      },
    },
    { name: 'redis', check: () => pingRedis(redis) },
    {
      name: 'funclet',
      check: async () => {
        if (!engine.watch.isConnected) throw new ServiceError('FUNCLET_UNAVAILABLE', 'The funclet does not answer.');
      },
    },
    { name: 'admin key', check: async () => adminKey?.check() },
  ];
}
