import type { ContainerView, ResizeRequest } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import { dockerIdOf } from './docker-id-of';
import type { LifecycleContext } from './lifecycle-context';

const MIB = 1024 * 1024;
/** Room above the usage that a lower limit must leave: cgroup v2 kills until the limit is met. */
const HEADROOM_FACTOR = 1.15;
const HEADROOM_MB = 8;

/**
 * Changes the memory limit of a live container, also while it works. With a commit id it serves that commit from then on, which differs from its
 * own in nothing but the memory.
 * @throws ServiceError CAPACITY_EXCEEDED when the node has not enough for a raise, MEMORY_BUSY when the container uses too
 *   much for a lower limit, ILLEGAL_TRANSITION unless it is cold, warming, warm or paused
 */
export async function resize(
  context: LifecycleContext,
  containerId: string,
  { memoryMb, operationId, commitId }: ResizeRequest,
  signal: AbortSignal,
): Promise<ContainerView> {
  const { registry, ledger, cpuLedger, limits } = context;
  const record = registry.get(containerId);
  const { state, memoryMb: oldMemoryMb, assignment } = record.view;
  if (state !== 'cold' && state !== 'warming' && state !== 'warm' && state !== 'paused') {
    throw new ServiceError(
      'ILLEGAL_TRANSITION',
      `Container ${containerId} is ${state}; memory can be changed when it is cold, warming, warm or paused.`,
    );
  }
  const dockerId = dockerIdOf(record);
  const done = { verb: 'resize', operationId } as const;
  if (memoryMb < oldMemoryMb) assertRoom(context, containerId, dockerId, memoryMb);
  if (state !== 'cold') cpuLedger.reserve(containerId, memoryMb);
  try {
    ledger.reserve(containerId, memoryMb);
    await limits.set(dockerId, memoryMb, signal);
    context.failpoints.reach('resize-applied');
  } catch (error) {
    ledger.lower(containerId, oldMemoryMb);
    cpuLedger.lower(containerId, oldMemoryMb);
    throw error;
  }
  ledger.lower(containerId, memoryMb);
  cpuLedger.lower(containerId, memoryMb);
  const isRenamed = commitId !== undefined && assignment !== undefined;
  return registry.patch(containerId, { memoryMb, done, ...(isRenamed ? { assignment: { ...assignment, commitId } } : {}) }).view;
}

function assertRoom({ cgroups }: LifecycleContext, containerId: string, dockerId: string, memoryMb: number): void {
  // Without control groups the engine refuses by itself where it can; on v2 it cannot, so lowering is refused there.
  if (cgroups === undefined) {
    throw new ServiceError(
      'MEMORY_BUSY',
      `The memory use of container ${containerId} cannot be read here, so its limit cannot be lowered safely.`,
    );
  }
  const { usageBytes, reclaimableBytes } = cgroups.memoryUsage(dockerId);
  const usedMb = (usageBytes - reclaimableBytes) / MIB;
  const neededMb = Math.ceil(usedMb * HEADROOM_FACTOR + HEADROOM_MB);
  if (memoryMb >= neededMb) return;
  throw new ServiceError(
    'MEMORY_BUSY',
    `Container ${containerId} uses ${Math.ceil(usedMb)} MB; with headroom it needs ${neededMb} MB, more than the wanted ${memoryMb} MB.`,
    { details: { usedMb: Math.ceil(usedMb), neededMb, wantedMb: memoryMb } },
  );
}
