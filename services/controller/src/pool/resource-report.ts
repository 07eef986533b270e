import type { NodeFacts } from './node-facts';
import type { PoolView } from './pool-view';

/** Lambda gives one processor per 1769 MB; the funclet's weights follow it. */
const MB_PER_CPU = 1769;
const MIB = 1024 * 1024;

/** What of the node is spoken for and used; EasyFaaS's resource report. */
export interface ResourceReport {
  memory: {
    /** For all containers together, MB; absent until the funclet has said so. */
    totalMb?: number;
    /** Limits of the containers, with what is counted to each besides, MB. */
    reservedMb: number;
    freeMb?: number;
    /** What the containers use, by their supervisors' last word, MB. */
    usedMb: number;
  };
  cpu: {
    total?: number;
    /** By the memory of the containers that serve a function. */
    promised: number;
    /** Where functions have quotas: those in force, of `total` at most. */
    limit?: number;
  };
  containers: { total: number; max: number; byState: Record<string, number>; byPhase: Record<string, number> };
}

export interface ResourceReportDeps {
  view: Pick<PoolView, 'values'>;
  node: NodeFacts;
  max: number;
}

export function resourceReport({ view, node, max }: ResourceReportDeps): ResourceReport {
  const { budget, cpus, cpuLimits } = node;
  const byState: Record<string, number> = {};
  const byPhase: Record<string, number> = {};
  let total = 0;
  let reservedMb = 0;
  let usedBytes = 0;
  let promisedMb = 0;
  for (const { view: seen, phase, functionPool, connection } of view.values()) {
    total++;
    byState[seen.state] = (byState[seen.state] ?? 0) + 1;
    byPhase[phase] = (byPhase[phase] ?? 0) + 1;
    reservedMb += seen.memoryMb + (budget?.overheadMb ?? 0);
    usedBytes += connection.runner?.stats?.memoryBytes ?? 0;
    if (functionPool !== undefined) promisedMb += seen.memoryMb;
  }
  return {
    memory: {
      reservedMb,
      usedMb: Math.round(usedBytes / MIB),
      ...(budget === undefined ? {} : { totalMb: budget.memoryMb, freeMb: budget.memoryMb - reservedMb }),
    },
    cpu: {
      promised: Math.round((promisedMb / MB_PER_CPU) * 100) / 100,
      ...(cpus === undefined ? {} : { total: cpus }),
      ...(cpuLimits === undefined ? {} : { limit: cpuLimits }),
    },
    containers: { total, max, byState, byPhase },
  };
}
