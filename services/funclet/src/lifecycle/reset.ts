import type { ContainerExit, ContainerView } from '@easyfaas/contracts/wire';
import { containerLabels } from '../engine/labels';
import type { LifecycleContext } from './lifecycle-context';

/**
 * Destroys a container and everything of it: processes, Docker's container, mounts, directories, its memory in the ledger.
 * Can be called again after a failure; each step is a success when it has been done before.
 * @param operationId of the caller; absent when we destroy it ourselves
 * @throws EngineError; the container stays `resetting` and the reaper tries again
 */
export async function reset(
  context: LifecycleContext,
  containerId: string,
  { reason, operationId, exit }: { reason: string; operationId?: string; exit?: ContainerExit },
  signal: AbortSignal,
): Promise<ContainerView> {
  const { registry, engine, ledger, cpuLedger, directories, codeMounts, limits } = context;
  const record = registry.get(containerId);
  if (record.view.state === 'gone') return record.view;
  const done = operationId === undefined ? {} : { done: { verb: 'reset', operationId } as const };
  if (record.view.state !== 'resetting')
    registry.move(containerId, 'resetting', reason, { ...done, ...(exit === undefined ? {} : { exit }) });
  context.failpoints.reach('reset-recorded');

  const { dockerId } = record.view;
  if (dockerId !== undefined) {
    limits.forget(dockerId);
    thaw(context, dockerId);
    await engine.remove(dockerId, signal);
  } else await removeByLabel(context, containerId, signal);

  context.failpoints.reach('reset-removed');
  const paths = directories.paths(containerId);
  codeMounts.detach(paths.task);
  codeMounts.detach(paths.layers);
  directories.remove(containerId, { isLinked: codeMounts.mode === 'hardlink' });
  context.failpoints.reach('reset-cleaned');
  ledger.release(containerId);
  cpuLedger.release(containerId);
  return registry.move(containerId, 'gone', reason).view;
}

/** A frozen process does not die of a signal until it is thawed. Docker does not know that we froze it. */
function thaw({ cgroups, logger }: LifecycleContext, dockerId: string): void {
  try {
    cgroups?.thaw(dockerId);
  } catch (error) {
    // No such group: the container has ended already.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') logger.warn('thaw before reset failed', { dockerId, error });
  }
}

/** The engine's answer to a create may have been lost: then there can be a container whose id we never learned. */
async function removeByLabel({ engine, instanceId }: LifecycleContext, containerId: string, signal: AbortSignal): Promise<void> {
  for (const { dockerId } of await engine.list(containerLabels(instanceId, containerId), signal)) await engine.remove(dockerId, signal);
}
