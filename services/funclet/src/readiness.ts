import type { RuntimeImages } from './engine/runtime-images';
import type { Readiness } from './http/routes';
import type { Reaper } from './lifecycle/reaper';

/** Ready means: Docker answered the last reconcile, and at least one runtime can be started. */
export function readinessOf(reaper: Reaper, runtimes: RuntimeImages): Readiness {
  const missing = runtimes.list().filter(({ imageId }) => imageId === undefined);
  const hasAny = missing.length < runtimes.list().length;
  const checks = {
    docker: reaper.problem ?? 'ok',
    runtimes: missing.length === 0 ? 'ok' : `missing images: ${missing.map(({ image }) => image).join(', ')}`,
  };
  return { isReady: reaper.problem === undefined && hasAny, checks };
}
