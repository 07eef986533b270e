import type { InvocationRecord, StoredFunction } from '@easyfaas/contracts/wire';
import type { PoolContainer } from '../pool-reader';
import { NAMESPACE } from './openfaas-name';

/** What is going on with an account's functions, by name. */
export interface FunctionActivity {
  calls: ReadonlyMap<string, number>;
  containers: readonly PoolContainer[];
  /** Image of a runtime's containers. */
  imageOf: (runtime: string) => string;
}

const AVAILABLE: ReadonlySet<string> = new Set(['warm', 'paused']);
const ON_THEIR_WAY: ReadonlySet<string> = new Set(['warming', 'loading']);

/** A function as OpenFaaS's gateway shows it; values of the environment are not shown. */
export function openfaasView({ accountId, configuration }: StoredFunction, activity: FunctionActivity): Record<string, unknown> {
  const { FunctionName, Runtime, Handler, MemorySize, Tags, LastModified, Description, CodeSha256 } = configuration;
  const own = activity.containers.filter(
    ({ assignment }) => assignment?.accountId === accountId && assignment.functionName === FunctionName,
  );
  // The funclet hears a little later than the first call's client that a container is warm.
  const phases = own.map(({ phase, state }) => phase ?? state);
  const available = phases.filter((phase) => AVAILABLE.has(phase)).length;
  return {
    name: FunctionName,
    namespace: NAMESPACE,
    image: activity.imageOf(Runtime),
    envProcess: Handler,
    invocationCount: activity.calls.get(FunctionName) ?? 0,
    replicas: available + phases.filter((phase) => ON_THEIR_WAY.has(phase)).length,
    availableReplicas: available,
    labels: Tags,
    annotations: { 'easyfaas.code-sha256': CodeSha256, ...(Description === '' ? {} : { 'easyfaas.description': Description }) },
    limits: { memory: `${MemorySize}Mi` },
    createdAt: LastModified,
  };
}

/** The log of a call as OpenFaaS's clients read it: a message for each line, all with the time of the call. */
export function openfaasLogLines({ functionName, containerId = '', startedAt, logTail = '' }: InvocationRecord): string[] {
  const lines = logTail.split('\n').filter((line) => line !== '');
  return lines.map((text) =>
    JSON.stringify({ name: functionName, namespace: NAMESPACE, instance: containerId, timestamp: startedAt, text }),
  );
}
