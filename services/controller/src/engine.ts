import type { FunctionConfiguration, StoredFunction } from '@easyfaas/contracts/wire';
import type { Clock, Ids, Logger, Registry } from '@easyfaas/service-kit';
import { FuncletWatch } from './clients/funclet-watch';
import type { FuncletClient } from './clients/funclet-client';
import type { FunctionDirectory } from './functions/function-directory';
import type { ProvisionedStore } from './functions/provisioned-store';
import type { Admission } from './invoke/admission';
import { type Calls, createCalls } from './invoke/calls';
import type { Dispatcher } from './invoke/dispatcher';
import type { Overflow } from './invoke/overflow';
import type { RecordSink } from './invoke/record-sink';
import type { KeptPayloads } from './records/kept-payloads';
import type { Traces } from './traces/traces';
import { coldWishOf } from './pool/cold-wish-of';
import { type Containers, createContainers } from './pool/containers';
import { egressRefusal } from './pool/egress-refusal';
import { FunctionPools } from './pool/function-pools';
import type { NodeFacts } from './pool/node-facts';
import type { PoolReport } from './pool/pool-report';
import type { PoolView } from './pool/pool-view';
import type { Provisioned } from './pool/provisioned';
import type { Shelves } from './pool/shelves';
import type { Upkeep } from './pool/upkeep';

export interface EngineOptions {
  clock: Clock;
  ids: Ids;
  logger: Logger;
  registry: Registry;
  funclet: FuncletClient;
  directory: FunctionDirectory;
  provisionedStore: ProvisionedStore;
  records: RecordSink;
  traces: Traces;
  keptPayloads: Pick<KeptPayloads, 'add'>;
  /** The kinds of cold containers, and how many of each. */
  shelves: Shelves;
  poolMax: number;
  idleTimeoutMs: number;
  /** Idle time after which a warm container is frozen, ms; Infinity: never. */
  pauseAfterMs: number;
  /** Whether containers kept warm on purpose are frozen, too. */
  pausesProvisioned: boolean;
  /** A warm container is replaced after this time, ms, and after so many calls; Infinity for no limit. */
  containerMaxAgeMs: number;
  containerMaxCalls: number;
  /** Weights of accounts in the sharing of the pool; 1 where there is none. */
  accountWeights: ReadonlyMap<string, number>;
  /** Runtimes whose processes take another memory limit while they run. */
  liveRuntimes: ReadonlySet<string>;
  /** How long a call is made to wait for a container, ms. */
  waitMs: number;
  /** Largest streamed answer. */
  streamBytes: number;
  /** Calls that may wait per function. */
  lineLimit: number;
  /** Calls at once per account. */
  accountConcurrency: number;
  /** Sum of the reservations of an account's functions. */
  loadSetAside: (accountId: string) => Promise<number>;
  /** Where calls go that find no room here. */
  overflow?: Overflow | undefined;
  /** In records, where there are several pods. */
  podId?: string | undefined;
  /** What a function's secrets are. @throws ServiceError SECRET_UNREADABLE */
  secretsOf: (stored: StoredFunction) => Record<string, string>;
  /** Where the code of a container is, as the runtime process inside sees it. */
  taskRoot: (containerId: string) => string;
}

export interface Engine {
  dispatcher: Dispatcher;
  report: PoolReport;
  provisioned: Provisioned;
  node: NodeFacts;
  watch: FuncletWatch;
  admission: Admission;
  pools: FunctionPools;
  view: PoolView;
  upkeep: Upkeep;
  start(): void;
  /** Settings are about to be stored; a container with egress, or with a /tmp of its own size, is then made ahead. @throws ServiceError EGRESS_FORBIDDEN, VALIDATION_FAILED */
  admitNetwork(settings: Pick<FunctionConfiguration, 'Runtime' | 'NetworkMode' | 'MemorySize' | 'EphemeralStorage'>): void;
  /** Calls of this version that wait for a container. */
  waitingCalls: (stored: StoredFunction) => number;
  /** Calls that are waiting or running. */
  admitted(): number;
  stop(): void;
}

/**
 * Wires calls and containers together. The parts know each other only through functions: calls ask for containers, containers
 * bring answers, and the reconciler sees that the pool fits.
 */
export function createEngine(options: EngineOptions): Engine {
  const { clock, logger, funclet, directory, shelves } = options;
  const pools = new FunctionPools(
    options.lineLimit,
    {
      isPossible: (before, after) => upkeep.memoryChanges.canSucceed(before, after),
      onSuccession: (pool) => upkeep.memoryChanges.apply(pool),
    },
    (account) => setAside.watch(account),
  );
  const calls: Calls = createCalls({
    ...options,
    pools,
    containers: () => view.values(),
    isPoolFull: () => view.size >= options.poolMax,
    onWaiting: (pool) => containers.warmUps.consider(pool),
    onTimedOut: (call) => containers.timeOuts.onTimedOut(call),
    onAbandoned: (call) => containers.timeOuts.onAbandoned(call),
    onDrained: (container) => containers.onDrained(container),
    lastFailure: (pool) => containers.lastFailure(pool),
  });
  const { dispatcher, admission, setAside } = calls;
  const containers: Containers = createContainers({ ...options, pools, calls, isFuncletThere: () => watch.isConnected });
  const { view, upkeep } = containers;
  const watch = new FuncletWatch({ funclet, clock, logger, onEvent: (event) => view.apply(event) });
  directory.onChange((change) => upkeep.onFunctionChange(change));
  directory.onVersionDeleted((deleted) => upkeep.commitChanges.onVersionDeleted(deleted));
  directory.onChange(({ accountId }) => setAside.onChange(accountId));

  return {
    dispatcher,
    report: upkeep.report,
    provisioned: upkeep.provisioned,
    node: upkeep.node,
    watch,
    admitNetwork: (settings) => {
      const wish = coldWishOf(settings);
      upkeep.node.assertFits(wish.memoryMb);
      const refusal = egressRefusal(wish.network, shelves);
      if (refusal !== undefined) throw refusal;
      if (wish.network === 'egress' || wish.tmpMb !== undefined) upkeep.noteDemand(wish);
    },
    admission,
    pools,
    view,
    upkeep,
    start: () => {
      watch.start();
      upkeep.start();
    },
    waitingCalls: (stored) => pools.of(stored).line.length,
    admitted: () => admission.admitted,
    stop: () => {
      setAside.stop();
      upkeep.stop();
      watch.stop();
      for (const container of view.values()) container.connection.close();
    },
  };
}
