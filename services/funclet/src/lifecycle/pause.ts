import type { ContainerView, TransitionRequest } from '@easyfaas/contracts/wire';
import { assertTransition } from './container-machine';
import { dockerIdOf } from './docker-id-of';
import type { LifecycleContext } from './lifecycle-context';

/** Freezes a warm container: no process of it gets the processor until it is resumed. @throws ServiceError */
export async function pause(
  context: LifecycleContext,
  containerId: string,
  { operationId, reason }: TransitionRequest,
  signal: AbortSignal,
): Promise<ContainerView> {
  const { registry, cgroups, engine } = context;
  const record = registry.get(containerId);
  assertTransition(containerId, record.view.state, 'paused');
  const dockerId = dockerIdOf(record);
  if (cgroups === undefined) await engine.pause(dockerId, signal);
  else await cgroups.freeze(dockerId, signal);
  return registry.move(containerId, 'paused', reason, { done: { verb: 'pause', operationId } }).view;
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
  if (cgroups === undefined) await engine.resume(dockerId, signal);
  else cgroups.thaw(dockerId);
  return registry.move(containerId, 'warm', reason, { done: { verb: 'resume', operationId } }).view;
}
