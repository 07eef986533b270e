/** Facts about the containers of one runtime. */
export interface RuntimeFacts {
  runtime: string;
  /** Cold containers to keep ready. */
  min: number;
  cold: number;
  /** Being made, from the decision to the state cold. */
  creating: number;
  /** Containers that calls wait for now, beyond the cold ones. */
  demanded: number;
  /** Creations of it failed lately: none is started now. */
  isPausing: boolean;
}

export interface ScaleFacts {
  runtimes: readonly RuntimeFacts[];
  /** Containers of all runtimes in any state but gone. */
  total: number;
  /** Most containers at once. */
  max: number;
  /** Most creations at once: more only makes each of them slower. */
  creationsMax: number;
}

export interface CreateStep {
  do: 'create';
  runtime: string;
  reason: string;
}

/**
 * Containers to create now. What calls wait for comes first, then what is missing to each runtime's minimum, the emptiest
 * first.
 */
export function scale({ runtimes, total, max, creationsMax }: ScaleFacts): CreateStep[] {
  const steps: CreateStep[] = [];
  const coming = new Map(runtimes.map(({ runtime, creating }) => [runtime, creating]));
  let creating = runtimes.reduce((sum, facts) => sum + facts.creating, 0);
  let room = max - total;
  const add = (runtime: string, reason: string): void => {
    steps.push({ do: 'create', runtime, reason });
    coming.set(runtime, (coming.get(runtime) ?? 0) + 1);
    creating++;
    room--;
  };
  const able = runtimes.filter(({ isPausing }) => !isPausing);
  for (const { runtime, demanded } of able) {
    while (room > 0 && creating < creationsMax && (coming.get(runtime) ?? 0) < demanded) add(runtime, 'calls are waiting');
  }
  const missing = ({ runtime, min, cold, demanded }: RuntimeFacts): number => min + demanded - cold - (coming.get(runtime) ?? 0);
  while (room > 0 && creating < creationsMax) {
    const neediest = [...able].sort((a, b) => missing(b) - missing(a))[0];
    if (neediest === undefined || missing(neediest) <= 0) break;
    add(neediest.runtime, 'pool below its minimum');
  }
  return steps;
}

/** Cold containers that ought to be ready, with the reason, for the operator. */
export interface Recommendation {
  runtime: string;
  min: number;
  recommended: number;
  reason: string;
}

/**
 * As many cold containers as are used up while one is made: arrival rate of cold calls times the time of a start, and one
 * to spare.
 * @param coldPerSecond cold calls of the runtime lately
 * @param startMs time that making a container takes
 */
export function recommend(runtime: string, min: number, coldPerSecond: number, startMs: number): Recommendation {
  const usedUp = (coldPerSecond * startMs) / 1000;
  const recommended = Math.max(min, Math.ceil(usedUp) + (usedUp > 0.05 ? 1 : 0));
  const rate = `${coldPerSecond.toFixed(2)} cold calls/s x ${Math.round(startMs)} ms to make a container`;
  return {
    runtime,
    min,
    recommended,
    reason: recommended > min ? `${rate} needs more than the minimum` : `${rate} is covered by the minimum`,
  };
}
