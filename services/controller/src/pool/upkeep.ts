import type { Clock, Ids, Logger } from '@easyfaas/service-kit';
import type { FuncletClient } from '../clients/funclet-client';
import type { FunctionChange, FunctionDirectory } from '../functions/function-directory';
import type { ProvisionedStore } from '../functions/provisioned-store';
import { isMemoryVariant } from '../functions/memory-variants';
import type { Overflow } from '../invoke/overflow';
import type { ColdWish } from './choose';
import { CommitChanges } from './commit-changes';
import { ContainerCreations } from './container-creations';
import type { ContainerResets } from './container-resets';
import { DemandEstimate } from './demand-estimate';
import type { FairSharing } from './fair-sharing';
import type { FunctionPools } from './function-pools';
import { HealthWatch } from './health-watch';
import type { PoolContainer } from './container';
import { MemoryChanges } from './memory-changes';
import { NodeFacts } from './node-facts';
import { Pauses } from './pauses';
import { PoolReport } from './pool-report';
import { Provisioned } from './provisioned';
import { PoolTargets } from './pool-targets';
import type { PoolView } from './pool-view';
import { Reconciler } from './reconciler';
import type { Shelves } from './shelves';
import { StartShares } from './start-shares';
import { Successions } from './successions';
import type { WarmUps } from './warm-ups';

export interface UpkeepOptions {
  clock: Clock;
  ids: Ids;
  logger: Logger;
  funclet: FuncletClient;
  view: PoolView;
  pools: FunctionPools;
  warmUps: WarmUps;
  resets: ContainerResets;
  shelves: Shelves;
  poolMax: number;
  idleTimeoutMs: number;
  /** Idle time after which a warm container is frozen, ms; Infinity: never. */
  pauseAfterMs: number;
  pausesProvisioned: boolean;
  liveRuntimes: ReadonlySet<string>;
  directory: FunctionDirectory;
  provisionedStore: ProvisionedStore;
  isFuncletThere: () => boolean;
  /** A container has slots again. */
  onSlots: (container: PoolContainer) => void;
  /** Of a warm container, ms; Infinity for no limit. */
  containerMaxAgeMs: number;
  sharing: FairSharing;
  /** Where calls go that find no room here. */
  overflow?: Pick<Overflow, 'relieve'> | undefined;
}

/** What keeps the pool at its size. */
export interface Upkeep {
  creations: ContainerCreations;
  reconciler: Reconciler;
  report: PoolReport;
  successions: Successions;
  pauses: Pauses;
  memoryChanges: MemoryChanges;
  commitChanges: CommitChanges;
  provisioned: Provisioned;
  node: NodeFacts;
  onFunctionChange(change: FunctionChange): void;
  start(): void;
  stop(): void;
  /** A function needs a container that is not warm: a cold one is taken, or was not there. */
  noteDemand(wish: ColdWish): void;
}

/** Wires the parts that make, keep and give back containers. */
export function createUpkeep(options: UpkeepOptions): Upkeep {
  const { clock, ids, logger, funclet, view, pools, warmUps, resets, shelves, poolMax, sharing } = options;
  const estimate = new DemandEstimate(clock);
  const shares = new StartShares(clock);
  const creations: ContainerCreations = new ContainerCreations({
    clock,
    ids,
    logger,
    funclet,
    onEnd: () => reconciler.kick(),
    onNoCapacity: (shelf, error) => {
      sharing.noteNoCapacity(shelf, error);
      reconciler.kick();
    },
  });
  const targets = new PoolTargets({ shelves, estimate, creations });
  const reconciler: Reconciler = new Reconciler({
    clock,
    logger,
    view,
    pools,
    warmUps,
    resets,
    creations,
    shelves,
    targets,
    max: poolMax,
    relieve: () => options.overflow?.relieve(),
    idleTimeoutMs: options.idleTimeoutMs,
    maxAgeMs: options.containerMaxAgeMs,
    sharing,
    onTick: () => report.sample(),
  });
  const node = new NodeFacts(options);
  const memoryChanges = new MemoryChanges({ ...options, isVariant: isMemoryVariant });
  const successions = new Successions(options);
  const report = new PoolReport({
    funclet,
    view,
    memoryChanges,
    node,
    pools,
    resets,
    successions,
    reconciler,
    creations,
    shelves,
    targets,
    estimate,
    shares,
    max: poolMax,
  });
  const pauses = new Pauses({ ...options, onResumed: options.onSlots });
  const health = new HealthWatch(options);
  const provisioned = new Provisioned({
    ...options,
    store: options.provisionedStore,
    isReady: () => view.hasSnapshot && options.isFuncletThere(),
    onMissing: () => reconciler.kick(),
  });
  const commitChanges = new CommitChanges({ ...options, prepared: (pool) => provisioned.prepare(pool) });
  return {
    creations,
    reconciler,
    report,
    successions,
    pauses,
    memoryChanges,
    commitChanges,
    provisioned,
    node,
    onFunctionChange: (change) => {
      commitChanges.onChange(change);
      void provisioned.refresh(change.accountId, change.functionName);
    },
    start: () => {
      reconciler.start();
      pauses.start();
      provisioned.start();
      node.start();
      health.start();
    },
    stop: () => {
      reconciler.stop();
      pauses.stop();
      provisioned.stop();
      node.stop();
      health.stop();
    },
    noteDemand: (wish) => {
      const shelf = shelves.of(wish);
      if (shelf !== undefined) estimate.note(shelf.key);
    },
  };
}
