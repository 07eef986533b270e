import type { StoredFunction } from '@easyfaas/contracts/wire';
import type { Registry, ServiceError } from '@easyfaas/service-kit';
import type { Calls } from '../invoke/calls';
import type { PoolContainer } from './container';
import { ContainerKeeper } from './container-keeper';
import { ContainerResets } from './container-resets';
import { egressRefusal } from './egress-refusal';
import { FairSharing } from './fair-sharing';
import type { FunctionPool } from './function-pool';
import { registerPoolMetrics } from './pool-metrics';
import { PoolView } from './pool-view';
import { shelfKey } from './shelves';
import { TimeOuts } from './time-outs';
import { type Upkeep, type UpkeepOptions, createUpkeep } from './upkeep';
import { WarmUps } from './warm-ups';

export interface ContainersOptions extends Omit<UpkeepOptions, 'view' | 'warmUps' | 'resets' | 'sharing' | 'onSlots'> {
  registry: Registry;
  calls: Pick<Calls, 'dispatcher' | 'sweep' | 'metrics'>;
  /** Weights of accounts in the sharing of the pool; 1 where there is none. */
  accountWeights: ReadonlyMap<string, number>;
  /** What a function's secrets are. @throws ServiceError SECRET_UNREADABLE */
  secretsOf: (stored: StoredFunction) => Record<string, string>;
  /** Where the code of a container is, as the runtime process inside sees it. */
  taskRoot: (containerId: string) => string;
}

/** What knows, fills and empties containers. */
export interface Containers {
  view: PoolView;
  upkeep: Upkeep;
  warmUps: WarmUps;
  timeOuts: TimeOuts;
  /** Nothing runs in the container any more and nothing may. */
  onDrained(container: PoolContainer): void;
  /** Why no container could be prepared for the function lately; undefined when nothing failed. */
  lastFailure(pool: FunctionPool): ServiceError | undefined;
}

/** Wires the parts that see what containers do, give them to functions that wait and end them. */
export function createContainers(options: ContainersOptions): Containers {
  const { clock, logger, registry, funclet, directory, pools, shelves, taskRoot } = options;
  const { dispatcher, sweep, metrics } = options.calls;
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
    onWarm: (container) => {
      upkeep.memoryChanges.onWarm(container);
      upkeep.successions.onWarm(container);
    },
    resumePaused: (pool) => upkeep.pauses.resumeFor(pool),
  });
  const timeOuts = new TimeOuts({ clock, view, resets, dispatcher });
  const sharing = new FairSharing({ clock, view, pools, warmUps, shelves, weights: options.accountWeights });
  const upkeep: Upkeep = createUpkeep({
    ...options,
    view,
    warmUps,
    resets,
    sharing,
    onSlots: (container) => dispatcher.feed(container),
  });
  registerPoolMetrics(registry, { view, pools });
  return {
    view,
    upkeep,
    warmUps,
    timeOuts,
    onDrained: (container) => {
      const { reason, lastEnd } = container.drainCause ?? {};
      if (container.functionPool?.isRetired === true) resets.reset(container, 'version changed', 'version changed');
      else resets.reset(container, reason ?? 'drained', lastEnd);
    },
    lastFailure: (pool) => pool.lastFailure ?? upkeep.creations.lastFailure(shelves.of(pool.wish)?.key ?? ''),
  };
}
