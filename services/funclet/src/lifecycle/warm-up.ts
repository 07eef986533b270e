import type { WarmUpRequest, WarmUpResponse } from '@easyfaas/contracts/wire';
import { dockerIdOf } from './docker-id-of';
import type { LifecycleContext } from './lifecycle-context';

/**
 * Makes a cold container one function version's for the rest of its life: reserves memory, raises the limit, makes sure
 * of the code, shows it at /var/task. The record is on disk before the code is mounted: after a crash the container is
 * known to be used; the move to `warming` refuses a container that is not cold. Everything here is on the path of a cold call; with the code in the cache it makes no Docker call.
 * @throws ServiceError; when the container is `warming` then, it must be reset
 */
export async function warmUp(
  context: LifecycleContext,
  containerId: string,
  request: WarmUpRequest,
  signal: AbortSignal,
): Promise<WarmUpResponse> {
  const { registry, ledger, clock, directories } = context;
  const { assignment, codeSha256, memoryMb, operationId, reason } = request;
  const record = registry.get(containerId);
  const { memoryMb: oldMemoryMb } = record.view;
  const dockerId = dockerIdOf(record);

  const start = clock.monotonicMs();
  ledger.reserve(containerId, memoryMb);
  registry.move(containerId, 'warming', reason, { assignment, memoryMb, codeSha256, done: { verb: 'warm-up', operationId } });
  context.failpoints.reach('warm-up-recorded');
  const reserved = clock.monotonicMs();

  const timed = async (work: Promise<unknown>): Promise<number> => {
    await work;
    return clock.monotonicMs() - reserved;
  };
  const [memoryMs, codeMs] = await Promise.all([
    timed(oldMemoryMb === memoryMb ? Promise.resolve() : context.limits.set(dockerId, memoryMb, signal)),
    timed(context.code.ensure(codeSha256, signal)),
  ]);
  ledger.lower(containerId, memoryMb);

  const prepared = clock.monotonicMs();
  signal.throwIfAborted();
  context.codeMounts.attach(codeSha256, directories.paths(containerId).task);
  context.failpoints.reach('warm-up-mounted');
  const mountMs = clock.monotonicMs() - prepared;
  return { container: registry.get(containerId).view, timings: { reserveMs: reserved - start, memoryMs, codeMs, mountMs } };
}
