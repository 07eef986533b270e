import type { Containers } from './containers';
import type { LifecycleContext } from './lifecycle-context';

const EGRESS_TIMEOUT_MS = 20_000;

/**
 * Takes away what would outlive this process: every container, the network of egress, the read-only view of code. What Docker
 * refuses is logged and stays; the next start finds it by its labels.
 * @throws MountError when the view of code cannot be unmounted
 */
export async function removeAll({ registry, egress, codeMounts, logger }: LifecycleContext, containers: Containers): Promise<void> {
  const views = registry.views();
  await Promise.all(views.map(({ containerId }) => containers.discard(containerId, 'the funclet stops and removes what it made')));
  await egress.giveBack(AbortSignal.timeout(EGRESS_TIMEOUT_MS));
  codeMounts.release();
  logger.info('removed what was made', { containers: views.length });
}
