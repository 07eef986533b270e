import type { ContainerView, InitRequest } from '@easyfaas/contracts/wire';
import { LIMITS } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import { cpuLimits } from './container-limits';
import type { LifecycleContext } from './lifecycle-context';

/**
 * Makes a generic container: reserves memory, makes its directories, tells the listeners (the controller then listens for
 * its connections), creates and starts it. It has no user code and serves nobody.
 * @throws ServiceError when it cannot be made; whatever was made stays in the registry for the caller to reset
 */
export async function init(context: LifecycleContext, request: InitRequest, signal: AbortSignal): Promise<ContainerView> {
  const { containerId, runtime, memoryMb, network, tmpMb } = request;
  const imageId = context.runtimes.imageIdOf(runtime);
  const { engine, registry, directories } = context;
  const paths = directories.paths(containerId);
  assertSocketPath(paths.socket);
  enter(context, request, paths.socket);
  // Before there is a container: one with a network and no rules never exists.
  const egress = network === 'egress' ? await context.egress.ensure(signal) : undefined;
  const dockerId = await engine.create(
    {
      containerId,
      instanceId: context.instanceId,
      runtime,
      imageId,
      memoryMb,
      ...(tmpMb === undefined ? {} : { tmpMb }),
      cpus: cpuLimits(memoryMb, context.cpuQuotaMax),
      token: registry.get(containerId).view.token,
      paths: { task: paths.task, layers: paths.layers, socket: paths.socket },
      codePropagation: context.codeMounts.mode === 'bind' ? 'rslave' : 'rprivate',
      labels: context.labels,
      ...(egress === undefined ? {} : { egress }),
    },
    signal,
  );
  context.failpoints.reach('init-created');
  registry.patch(containerId, { dockerId });
  await engine.start(dockerId, signal);
  context.failpoints.reach('init-started');
  return registry.get(containerId).view;
}

/** Memory, directories, record: all of them or none, and nothing of a container that exists already is touched. */
function enter(context: LifecycleContext, request: InitRequest, socketDirectory: string): void {
  const { ledger, directories, registry } = context;
  const { containerId, runtime, network, memoryMb, tmpMb, operationId, reason } = request;
  registry.assertUnused(containerId);
  ledger.reserve(containerId, memoryMb);
  try {
    directories.make(containerId);
    const birth = {
      containerId,
      runtime,
      network,
      memoryMb,
      classMb: memoryMb,
      ...(tmpMb === undefined ? {} : { tmpMb }),
      socketDirectory,
      token: context.newToken(),
    };
    registry.create(birth, reason, operationId, context.codeMounts.mode);
  } catch (error) {
    ledger.release(containerId);
    throw error;
  }
}

function assertSocketPath(directory: string): void {
  const bytes = Buffer.byteLength(`${directory}/controller.sock`);
  if (bytes <= LIMITS.unixSocketPathBytes) return;
  throw new ServiceError(
    'INTERNAL',
    `Socket paths below the data directory would have ${bytes} bytes; the limit is ${LIMITS.unixSocketPathBytes}.`,
  );
}
