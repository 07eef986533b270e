import type { ContainerView, TransitionRequest } from '@easyfaas/contracts/wire';
import { assertTransition } from './container-machine';
import { dockerIdOf } from './docker-id-of';
import type { LifecycleContext } from './lifecycle-context';

/** Codes of the system that say that this group cannot be written, not that the container is in a bad way. */
const NOT_WRITABLE = ['ENOENT', 'EACCES', 'EPERM', 'EROFS'];

/**
 * Freezes a warm container: no process of it gets the processor until it is resumed. By its control group, in a
 * millisecond or two; by Docker where that cannot be written.
 * @throws ServiceError
 */
export async function pause(
  context: LifecycleContext,
  containerId: string,
  { operationId, reason }: TransitionRequest,
  signal: AbortSignal,
): Promise<ContainerView> {
  const { registry, engine } = context;
  const record = registry.get(containerId);
  assertTransition(containerId, record.view.state, 'paused');
  const dockerId = dockerIdOf(record);
  const isFrozen = await freeze(context, dockerId, signal);
  if (!isFrozen) await engine.pause(dockerId, signal);
  const pausedBy = isFrozen ? 'cgroup' : 'engine';
  return registry.move(containerId, 'paused', reason, { pausedBy, done: { verb: 'pause', operationId } }).view;
}

/** Lets a paused container go on. @throws ServiceError */
export async function resume(
  context: LifecycleContext,
  containerId: string,
  { operationId, reason }: TransitionRequest,
  signal: AbortSignal,
): Promise<ContainerView> {
  const { registry, cgroups, engine } = context;
  const record = registry.get(containerId);
  assertTransition(containerId, record.view.state, 'warm');
  const dockerId = dockerIdOf(record);
  if (cgroups === undefined || record.pausedBy === 'engine') await engine.resume(dockerId, signal);
  else cgroups.thaw(dockerId);
  return registry.move(containerId, 'warm', reason, { done: { verb: 'resume', operationId } }).view;
}

/** @returns whether its processes stand still; false when its group cannot be written */
async function freeze({ cgroups, logger }: LifecycleContext, dockerId: string, signal: AbortSignal): Promise<boolean> {
  if (cgroups === undefined) return false;
  try {
    await cgroups.freeze(dockerId, signal);
    return true;
  } catch (error) {
    if (NOT_WRITABLE.includes((error as NodeJS.ErrnoException).code ?? '')) {
      logger.warn('control group cannot be frozen, asking the engine', { dockerId, error });
      return false;
    }
    // Some of its processes may stand still already.
    cgroups.thaw(dockerId);
    throw error;
  }
}
