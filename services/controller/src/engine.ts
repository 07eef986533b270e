import type { FunctionConfiguration, StoredFunction } from '@easyfaas/contracts/wire';
import type { Clock, Ids, Logger, Registry, ServiceError } from '@easyfaas/service-kit';
import { FuncletWatch } from './clients/funclet-watch';
import type { FuncletClient } from './clients/funclet-client';
import type { FunctionDirectory } from './functions/function-directory';
import type { ProvisionedStore } from './functions/provisioned-store';
import { Admission } from './invoke/admission';
import { CallJournal } from './invoke/call-journal';
import { DeadlineSweep } from './invoke/deadline-sweep';
import { Dispatcher } from './invoke/dispatcher';
import { InvokeMetrics } from './invoke/invoke-metrics';
import { NonceSource } from './invoke/nonce-source';
import { NO_OVERFLOW, type Overflow } from './invoke/overflow';
import type { RecordSink } from './invoke/record-sink';
import { SetAside } from './invoke/set-aside';
import { ContainerKeeper } from './pool/container-keeper';
import { ContainerResets } from './pool/container-resets';
import { egressRefusal } from './pool/egress-refusal';
import { FairSharing } from './pool/fair-sharing';
import { FunctionPools, type Succession } from './pool/function-pools';
import { registerPoolMetrics } from './pool/pool-metrics';
import type { PoolReport } from './pool/pool-report';
import type { NodeFacts } from './pool/node-facts';
import type { Provisioned } from './pool/provisioned';
import { PoolView } from './pool/pool-view';
import { type Shelves, shelfKey } from './pool/shelves';
import { TimeOuts } from './pool/time-outs';
import { type Upkeep, createUpkeep } from './pool/upkeep';
import { WarmUps } from './pool/warm-ups';

export interface EngineOptions {
  clock: Clock;
  ids: Ids;
  logger: Logger;
  registry: Registry;
  funclet: FuncletClient;
  directory: FunctionDirectory;
  provisionedStore: ProvisionedStore;
  records: RecordSink;
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
  /** Settings are about to be stored; a container with egress is then made ahead. @throws ServiceError EGRESS_FORBIDDEN, VALIDATION_FAILED */
  admitNetwork(settings: Pick<FunctionConfiguration, 'Runtime' | 'NetworkMode' | 'MemorySize'>): void;
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
  const { clock, logger, registry, funclet, directory, records, shelves, taskRoot, overflow = NO_OVERFLOW } = options;
  const metrics = new InvokeMetrics(registry);
  const setAside = new SetAside({ clock, logger, load: options.loadSetAside });
  const succession: Succession = {
    isPossible: (before, after) => upkeep.memoryChanges.canSucceed(before, after),
    onSuccession: (pool) => upkeep.memoryChanges.apply(pool),
  };
  const pools = new FunctionPools(options.lineLimit, succession, (account) => setAside.watch(account));
  const admission = new Admission(options.accountConcurrency);

  const sweep = new DeadlineSweep({
    clock,
    visitAll: (visit) => {
      for (const { line } of pools.values()) line.forEach(visit);
      for (const container of view.values()) {
        visit(container);
        container.connection.runtime?.calls.forEach(visit);
      }
    },
    isBusy: () => admission.admitted > 0 || [...view.values()].some(({ deadlineMs }) => deadlineMs !== Infinity),
  });
  const dispatcher: Dispatcher = new Dispatcher({
    clock,
    sweep,
    nonces: new NonceSource(),
    pools,
    admission,
    journal: new CallJournal({ records, metrics, clock, podId: options.podId }),
    overflow,
    waitMs: options.waitMs,
    maxCalls: options.containerMaxCalls,
    onWaiting: (pool) => warmUps.consider(pool),
    onTimedOut: (call) => timeOuts.onTimedOut(call),
    onAbandoned: (call) => timeOuts.onAbandoned(call),
    onDrained: (container) => {
      const { reason, lastEnd } = container.drainCause ?? {};
      if (container.functionPool?.isRetired === true) resets.reset(container, 'version changed', 'version changed');
      else resets.reset(container, reason ?? 'drained', lastEnd);
    },
    isPoolFull: () => view.size >= options.poolMax,
    lastFailure: (pool): ServiceError | undefined => pool.lastFailure ?? upkeep.creations.lastFailure(shelves.of(pool.wish)?.key ?? ''),
  });
  const resets: ContainerResets = new ContainerResets({
    clock,
    logger,
    funclet,
    onLeftOver: (container) => keeper.onLeftOver(container),
    onReset: (pool, lastEnd) => {
      if (pool !== undefined) sharing.noteEnd(pool, lastEnd);
      if (pool !== undefined && pool.line.length > 0) warmUps.consider(pool);
      upkeep.reconciler.kick();
    },
  });
  const keeper: ContainerKeeper = new ContainerKeeper({
    clock,
    logger,
    funclet,
    directory,
    pools,
    dispatcher,
    warmUps: () => warmUps,
    memoryChanges: () => upkeep.memoryChanges,
    resets,
    metrics,
    onCold: (container) => {
      upkeep.creations.noteSuccess(shelfKey(container.view), clock.monotonicMs() - container.seenAtMs);
      sharing.serveWaiting();
      upkeep.provisioned.kick();
      upkeep.reconciler.kick();
    },
    onEarlyEnd: (container, reason) => upkeep.creations.noteEarlyEnd(shelfKey(container.view), reason),
  });
  const view = new PoolView({
    clock,
    logger,
    owner: keeper,
    onLost: (container) => keeper.onLost(container),
    onGone: () => sharing.serveShort(),
    onChange: () => upkeep.reconciler.kick(),
  });
  const warmUps: WarmUps = new WarmUps({
    clock,
    logger,
    sweep,
    funclet,
    view,
    resets,
    dispatcher,
    taskRoot,
    secretsOf: options.secretsOf,
    refusal: ({ wish }) => egressRefusal(wish.network, shelves),
    onShortage: () => upkeep.reconciler.kick(),
    onStart: ({ wish }) => upkeep.noteDemand(wish),
    onWarm: (container) => upkeep.memoryChanges.onWarm(container),
    resumePaused: (pool) => upkeep.pauses.resumeFor(pool),
  });
  const timeOuts = new TimeOuts({ clock, view, resets, dispatcher });
  const sharing = new FairSharing({ clock, view, pools, warmUps, shelves, weights: options.accountWeights });
  const upkeep: Upkeep = createUpkeep({
    ...options,
    view,
    pools,
    warmUps,
    resets,
    sharing,
    isFuncletThere: () => watch.isConnected,
    onSlots: (container) => dispatcher.feed(container),
  });
  const watch = new FuncletWatch({ funclet, clock, logger, onEvent: (event) => view.apply(event) });
  registerPoolMetrics(registry, { view, pools });
  directory.onChange((change) => upkeep.onFunctionChange(change));
  directory.onVersionDeleted((deleted) => upkeep.commitChanges.onVersionDeleted(deleted));
  directory.onChange(({ accountId }) => setAside.onChange(accountId));

  return {
    dispatcher,
    report: upkeep.report,
    provisioned: upkeep.provisioned,
    node: upkeep.node,
    watch,
    admitNetwork: ({ Runtime: runtime, NetworkMode: network, MemorySize: memoryMb }) => {
      upkeep.node.assertFits(memoryMb);
      const refusal = egressRefusal(network, shelves);
      if (refusal !== undefined) throw refusal;
      if (network === 'egress') upkeep.noteDemand({ runtime, network, memoryMb });
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
