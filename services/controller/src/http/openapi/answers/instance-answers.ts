import { jsonSchemaOf, registryFunctionSchema, registryRuntimeSchema } from '@easyfaas/contracts/schemas';
import {
  CONTAINER_STATES,
  type ContainerAssignment,
  type ContainerExit,
  type ContainerTransition,
  type PodCapacity,
  type PodLease,
} from '@easyfaas/contracts/wire';
import type { RecentEnd } from '../../../pool/recent-ends';
import type { ResourceReport } from '../../../pool/resource-report';
import type { PodsView } from '../../routes/pods';
import {
  type JsonSchema,
  anyObject,
  count,
  described,
  figure,
  flag,
  listOf,
  mapOf,
  objectOf,
  oneOf,
  optional,
  ref,
  text,
  time,
} from '../json-schema';

/** The instance: how it does, its pool, its pods, and what it gives to other installations. */
export function instanceAnswers(): Record<string, JsonSchema> {
  return {
    Alive: objectOf<{ status: string }>('It answers.', { status: oneOf(['alive']) }),
    Readiness: objectOf<{ status: string; checks: object[] }>('Each thing that it needs, and whether that is there.', {
      status: oneOf(['ready', 'not ready']),
      checks: listOf(
        objectOf<{ name: string; ok: boolean; message?: string }>(undefined, {
          name: text(),
          ok: flag(),
          message: optional(text('What is wrong.')),
        }),
      ),
    }),
    ServiceVersion: objectOf<{ name: string; version: string; api: string }>('What it is.', { name: text(), version: text(), api: text() }),
    OpenapiDocument: anyObject('OpenAPI 3.1.'),
    RuntimeList: objectOf<{ Runtimes: object[] }>('All languages of this installation.', { Runtimes: listOf(runtime()) }),
    ResourceReport: resource(),
    ...pods(),
    ...pool(),
    RegistryFunction: described(jsonSchemaOf(registryFunctionSchema), 'A function with its variables in clear, and where its package is.'),
    RegistryRuntime: described(jsonSchemaOf(registryRuntimeSchema), 'A runtime and how it is started.'),
  };
}

function runtime(): JsonSchema {
  return {
    type: 'object',
    required: ['Name', 'Title', 'HandlerExample', 'HandlerPattern', 'EntryFile', 'SourceContentTypes', 'PodConcurrentQuotaMax'],
    properties: {
      Name: text("The value of a function's Runtime."),
      Title: text(),
      HandlerExample: text(),
      HandlerPattern: text('A regular expression that handlers match.'),
      EntryFile: text('What a single source file is stored as.'),
      SourceContentTypes: listOf(text(), 'Under which a single source file can be uploaded.'),
      PodConcurrentQuotaMax: count(),
    },
  };
}

function processors(): JsonSchema {
  return objectOf<ResourceReport['cpu']>('Processors.', {
    total: optional(figure()),
    promised: figure('By the memory of containers that serve a function.'),
    limit: optional(figure('Where functions have quotas: those in force, of total at most; as of some seconds ago.')),
  });
}

function resource(): JsonSchema {
  return objectOf<ResourceReport>('What of the node is spoken for and used.', {
    memory: objectOf<ResourceReport['memory']>('MB.', {
      totalMb: optional(figure('For all containers together; absent until the funclet has said so.')),
      reservedMb: figure('Limits of the containers, with what is counted to each besides.'),
      freeMb: optional(figure()),
      usedMb: figure(),
    }),
    cpu: processors(),
    containers: objectOf<ResourceReport['containers']>('How many there are.', {
      total: count(),
      max: count(),
      byState: mapOf(count()),
      byPhase: mapOf(count()),
    }),
  });
}

function pods(): Record<string, JsonSchema> {
  return {
    PodsView: objectOf<PodsView>('The pods that share the Redis of this one.', {
      podId: text('Of the pod that answers.'),
      isOnItsOwn: optional(text('Why it has no others.')),
      pods: listOf(
        objectOf<PodLease>(undefined, {
          podId: text(),
          bootId: text('Of this start of its controller.'),
          address: text(),
          version: text(),
          startedAtMs: figure('Milliseconds since the epoch.'),
          isDraining: flag('It takes no more work.'),
          capacity: objectOf<PodCapacity>('What it has left for calls of others.', {
            containers: count(),
            containersMax: count(),
            cold: mapOf(count(), 'By runtime.'),
            memoryFreeMb: optional(figure()),
            freeSlots: count('Free places in warm containers.'),
            waiting: count('Calls that wait for a container.'),
          }),
        }),
      ),
    }),
  };
}

function pool(): Record<string, JsonSchema> {
  return {
    PoolContainer: container(),
    PoolSummary: {
      type: 'object',
      description: 'All containers of the pod, and why there are so many.',
      required: ['containers', 'max', 'counts', 'shelves', 'recentEnds', 'waiting'],
      properties: {
        containers: listOf(ref('PoolContainer')),
        max: count('Containers in all.'),
        counts: mapOf(count(), 'By state.'),
        cpu: processors(),
        shelves: listOf(shelf(), 'Kinds of cold containers.'),
        recentEnds: listOf(
          objectOf<RecentEnd>(undefined, {
            containerId: text(),
            runtime: text(),
            functionName: optional(text()),
            reason: text(),
            at: time(),
          }),
          'Why the last ones were taken out of use.',
        ),
        waiting: listOf(
          objectOf<{ accountId: string; functionName: string; calls: number }>(undefined, {
            accountId: text(),
            functionName: text(),
            calls: count(),
          }),
          'Calls that wait for a container.',
        ),
      },
    },
  };
}

function container(): JsonSchema {
  return {
    type: 'object',
    description: 'A container; one that is gone is known for some time.',
    required: [
      'containerId',
      'revision',
      'state',
      'reason',
      'runtime',
      'network',
      'memoryMb',
      'classMb',
      'createdAtMs',
      'stateSinceMs',
      'history',
    ],
    properties: {
      containerId: text(),
      revision: figure('Of its last change.'),
      state: oneOf(CONTAINER_STATES),
      reason: text('Why it came into this state.'),
      phase: text('What the controller does with it; absent when it is gone.'),
      runtime: text(),
      network: oneOf(['none', 'egress']),
      memoryMb: figure('Limit in force.'),
      classMb: figure('What it was made with.'),
      tmpMb: figure('Size of /tmp; absent for the default.'),
      assignment: objectOf<ContainerAssignment>('The function version that it serves for the rest of its life.', {
        accountId: text(),
        functionName: text(),
        version: text(),
        commitId: text(),
      }),
      dockerId: text(),
      createdAtMs: figure('Milliseconds since the epoch.'),
      stateSinceMs: figure('Milliseconds since the epoch.'),
      exit: objectOf<ContainerExit>('How its processes ended.', { exitCode: { type: ['integer', 'null'] }, oomKilled: flag() }),
      history: listOf(
        objectOf<ContainerTransition>(undefined, {
          from: oneOf([...CONTAINER_STATES, null]),
          to: oneOf(CONTAINER_STATES),
          reason: text(),
          atMs: figure(),
        }),
        'Oldest first, at most 32.',
      ),
      inFlight: count('Calls that it serves now.'),
      concurrency: count('Calls that it may serve at once.'),
      stats: anyObject('What its supervisor said last: rssKb, cpuMs, memoryBytes, memoryPeakBytes.'),
    },
  };
}

function shelf(): JsonSchema {
  return {
    type: 'object',
    required: ['runtime', 'classMb', 'network', 'min', 'cap', 'recommended', 'target', 'reason', 'cold', 'creating'],
    properties: {
      runtime: text(),
      classMb: figure(),
      network: oneOf(['none', 'egress']),
      tmpMb: figure(),
      min: count(),
      cap: count(),
      recommended: count('What the demand alone asks for.'),
      target: count('What is kept.'),
      reason: text(),
      cold: count(),
      creating: count(),
      demanded: count('Containers that calls wait for.'),
      coldPerSecond: figure(),
      startMs: figure('That making one takes.'),
      lastHour: anyObject('calls, coldStarts, and the share of these.'),
      lastFailure: anyObject('code and message of the last failure to make one.'),
    },
  };
}
