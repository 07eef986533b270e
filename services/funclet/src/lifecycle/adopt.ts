import { instanceLabels, LABELS } from '../engine/labels';
import type { EngineContainer } from '../engine/container-engine';
import type { ContainerRecord } from './container-record';
import { decideAdoption } from './decide-adoption';
import type { LifecycleContext } from './lifecycle-context';

/**
 * Takes over the containers of an earlier process of this instance, found by label, with their records. What cannot go on
 * is removed by the first reconcile. Calls in warm containers are not disturbed.
 * @returns ids of the containers adopted
 * @throws EngineError
 */
export async function adopt(context: LifecycleContext, signal: AbortSignal): Promise<string[]> {
  const containers = await context.engine.list(instanceLabels(context.instanceId), signal);
  const { codeMounts } = context;
  const adopted: string[] = [];
  for (const container of containers) {
    const containerId = container.labels[LABELS.container] ?? '';
    const record = loadRecord(context, containerId);
    const hasCode = record !== undefined && isMounted(context, record);
    const currentImageId = context.runtimes.list().find(({ name }) => name === container.labels[LABELS.runtime])?.imageId;
    const decision = decideAdoption({ record, container, mountMode: codeMounts.mode, hasCode, currentImageId });
    if (decision.adopt && record !== undefined) {
      await takeOver(context, record, container, signal);
      adopted.push(containerId);
    } else context.logger.warn('container not adopted', { containerId, dockerId: container.dockerId, ...decision });
  }
  return adopted;
}

/** Its code, and its layers if it has any. */
function isMounted({ codeMounts, directories }: LifecycleContext, { view, layersName }: ContainerRecord): boolean {
  const { task, layers } = directories.paths(view.containerId);
  return codeMounts.isAttached(task) && (layersName === undefined || codeMounts.isAttached(layers));
}

function loadRecord({ directories, logger }: LifecycleContext, containerId: string): ContainerRecord | undefined {
  if (!/^[0-9a-f]{12}$/.test(containerId)) return undefined;
  try {
    return directories.load(containerId);
  } catch (error) {
    logger.warn('record of a container cannot be read', { containerId, error });
    return undefined;
  }
}

async function takeOver(
  context: LifecycleContext,
  record: ContainerRecord,
  { dockerId, status }: EngineContainer,
  signal: AbortSignal,
): Promise<void> {
  const { registry, ledger, cpuLedger, limits, cgroups, engine, logger } = context;
  const { containerId, state, memoryMb } = record.view;
  ledger.adopt(containerId, memoryMb);
  if (record.view.assignment !== undefined) cpuLedger.adopt(containerId, memoryMb);
  registry.adopt({ ...record, view: { ...record.view, dockerId } });
  // A crash may have come between the record and the limit, or between the freeze and the record: the record is right.
  if (state !== 'creating') await limits.set(dockerId, memoryMb, signal);
  if (state !== 'paused') {
    if (status === 'paused') await engine.resume(dockerId, signal);
    cgroups?.thaw(dockerId);
  }
  logger.info('container adopted', { containerId, dockerId, state });
}
