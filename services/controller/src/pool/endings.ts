import type { ColdReason } from '@easyfaas/contracts/wire';
import type { ContainerPhase } from './container';

export interface EndingFacts {
  containerId: string;
  phase: ContainerPhase;
  inFlight: number;
  /** Kind of cold container. */
  shelf: string;
  /** How long it is in its phase, ms. */
  inPhaseMs: number;
  /** Since its last call ended, ms. */
  unusedMs: number;
  /** Since it loaded its function, ms. */
  ageMs: number;
  /** Its function has a newer commit or is gone. */
  isRetired: boolean;
  /** Kept warm on purpose. */
  isKept: boolean;
}

export interface EndingRules {
  idleTimeoutMs: number;
  /** Of a warm container, ms; Infinity for no limit. */
  maxAgeMs: number;
  /** Cold containers to keep of each kind. */
  targets: ReadonlyMap<string, number>;
}

export interface EndingStep {
  /** `drain`: the calls that run in it finish first. */
  do: 'reset' | 'drain';
  containerId: string;
  reason: string;
  lastEnd: ColdReason;
}

/** A container has this long from its creation until both of its processes have dialled in, ms. */
const ATTACH_MS = 20_000;
/** A cold container above the target goes after this, or after the idle time-out when that is shorter, ms. */
const SURPLUS_MS = 60_000;

/** Containers whose time has come, and why. */
export function endings(containers: readonly EndingFacts[], { idleTimeoutMs, maxAgeMs, targets }: EndingRules): EndingStep[] {
  const steps: EndingStep[] = [];
  const cold = new Map<string, number>();
  for (const { phase, shelf } of containers) if (phase === 'cold') cold.set(shelf, (cold.get(shelf) ?? 0) + 1);
  for (const facts of containers) {
    const step = endingOf(facts, { idleTimeoutMs, maxAgeMs }, (cold.get(facts.shelf) ?? 0) > (targets.get(facts.shelf) ?? 0));
    if (step === undefined) continue;
    steps.push({ do: facts.inFlight > 0 && step.lastEnd === 'max age' ? 'drain' : 'reset', containerId: facts.containerId, ...step });
    if (facts.phase === 'cold') cold.set(facts.shelf, (cold.get(facts.shelf) ?? 1) - 1);
  }
  return steps;
}

/** The last tenth of an age is spread over the containers by their ids: those of one burst must not all go at once. */
function staggered(maxAgeMs: number, containerId: string): number {
  const byId = parseInt(containerId.slice(0, 2), 16) / 0xff;
  return maxAgeMs * (1 - 0.1 * (Number.isNaN(byId) ? 0 : byId));
}

type Ending = Omit<EndingStep, 'do' | 'containerId'>;
type Limits = Pick<EndingRules, 'idleTimeoutMs' | 'maxAgeMs'>;

function endingOf(facts: EndingFacts, { idleTimeoutMs, maxAgeMs }: Limits, isSurplus: boolean): Ending | undefined {
  const { phase, inFlight, inPhaseMs, unusedMs, ageMs, isRetired, isKept } = facts;
  if (phase === 'resetting') return undefined;
  if (phase === 'attaching') {
    return inPhaseMs > ATTACH_MS ? { reason: `did not attach within ${ATTACH_MS / 1000} s`, lastEnd: 'unhealthy' } : undefined;
  }
  if (phase === 'cold')
    return isSurplus && inPhaseMs > Math.min(SURPLUS_MS, idleTimeoutMs) ? { reason: 'surplus', lastEnd: 'idle' } : undefined;
  if (phase !== 'warm' && phase !== 'paused') return undefined;
  if (ageMs > staggered(maxAgeMs, facts.containerId)) return { reason: `${Math.round(ageMs / 1000)} s old`, lastEnd: 'max age' };
  if (inFlight > 0) return undefined;
  if (isRetired) return { reason: 'version changed', lastEnd: 'version changed' };
  return unusedMs > idleTimeoutMs && !isKept ? { reason: `idle for ${Math.round(unusedMs / 1000)} s`, lastEnd: 'idle' } : undefined;
}
