import type { WarmUpRequest, WarmUpResponse } from '@easyfaas/contracts/wire';
import { codeParts } from '../code/code-parts';
import { dockerIdOf } from './docker-id-of';
import type { LifecycleContext } from './lifecycle-context';

/**
 * Makes a cold container one function version's for the rest of its life: reserves memory, raises the limit, makes sure
 * of the code and its layers, shows them at /var/task and /opt/layers. The record is on disk before the code is mounted: after a crash the container is
 * known to be used; the move to `warming` refuses a container that is not cold. Everything here is on the path of a cold call; with the code in the cache it makes no Docker call.
 * @throws ServiceError; when the container is `warming` then, it must be reset
 */
export async function warmUp(
  context: LifecycleContext,
  containerId: string,
  request: WarmUpRequest,
  signal: AbortSignal,
): Promise<WarmUpResponse> {
  const { registry, ledger, cpuLedger, clock, directories } = context;
  const { assignment, codeSha256, layerSha256s, memoryMb, operationId, reason } = request;
  const { task, layers } = codeParts({ accountId: assignment.accountId, codeSha256, layerSha256s });
  const record = registry.get(containerId);
  const { memoryMb: oldMemoryMb } = record.view;
  const dockerId = dockerIdOf(record);

  const start = clock.monotonicMs();
  reserve(context, containerId, memoryMb);
  registry.move(containerId, 'warming', reason, {
    assignment,
    memoryMb,
    codeName: task.name,
    ...(layers === undefined ? {} : { layersName: layers.name }),
    done: { verb: 'warm-up', operationId },
  });
  context.failpoints.reach('warm-up-recorded');
  const reserved = clock.monotonicMs();

  const timed = async (work: Promise<unknown>): Promise<number> => {
    await work;
    return clock.monotonicMs() - reserved;
  };
  const [memoryMs, codeMs] = await Promise.all([
    timed(oldMemoryMb === memoryMb ? Promise.resolve() : context.limits.set(dockerId, memoryMb, signal)),
    timed(
      Promise.all([
        context.code.ensure(task.name, signal, task.parts),
        layers === undefined ? undefined : context.code.ensure(layers.name, signal, layers.parts),
      ]),
    ),
  ]);
  ledger.lower(containerId, memoryMb);
  cpuLedger.lower(containerId, memoryMb);

  const prepared = clock.monotonicMs();
  signal.throwIfAborted();
  const paths = directories.paths(containerId);
  context.codeMounts.attach(task.name, paths.task);
  if (layers !== undefined) context.codeMounts.attach(layers.name, paths.layers);
  context.failpoints.reach('warm-up-mounted');
  const mountMs = clock.monotonicMs() - prepared;
  return { container: registry.get(containerId).view, timings: { reserveMs: reserved - start, memoryMs, codeMs, mountMs } };
}

/** Both or none. A container that is cold has memory already, and of the processors nothing. */
function reserve({ registry, ledger, cpuLedger }: LifecycleContext, containerId: string, memoryMb: number): void {
  const { state } = registry.get(containerId).view;
  cpuLedger.reserve(containerId, memoryMb);
  try {
    ledger.reserve(containerId, memoryMb);
  } catch (error) {
    if (state === 'cold') cpuLedger.release(containerId);
    throw error;
  }
}
