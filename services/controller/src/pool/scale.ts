/** Facts about the cold containers of one kind. */
export interface ShelfFacts {
  shelf: string;
  /** Cold containers to keep ready. */
  target: number;
  cold: number;
  /** Being made, from the decision to the state cold. */
  creating: number;
  /** Containers that calls wait for now, beyond the cold ones. */
  demanded: number;
  /** Creations of it failed lately: none is started now. */
  isPausing: boolean;
}

export interface ScaleFacts {
  shelves: readonly ShelfFacts[];
  /** Containers of all kinds in any state but gone. */
  total: number;
  /** Most containers at once. */
  max: number;
  /** Most creations at once: more only makes each of them slower. */
  creationsMax: number;
  /** A container is in the making for longer than that should take. */
  isMakingSlow: boolean;
}

export interface CreateStep {
  do: 'create';
  shelf: string;
  reason: string;
}

/**
 * Containers to create now. What calls wait for comes first, and alone: the work for two takes both as long as one after the other. When it is
 * there, or takes too long, comes what is missing to each kind's target, the emptiest first.
 */
export function scale({ shelves, total, max, creationsMax, isMakingSlow }: ScaleFacts): CreateStep[] {
  const steps: CreateStep[] = [];
  const coming = new Map(shelves.map(({ shelf, creating }) => [shelf, creating]));
  let creating = shelves.reduce((sum, facts) => sum + facts.creating, 0);
  let room = max - total;
  const add = (shelf: string, reason: string): void => {
    steps.push({ do: 'create', shelf, reason });
    coming.set(shelf, (coming.get(shelf) ?? 0) + 1);
    creating++;
    room--;
  };
  const able = shelves.filter(({ isPausing }) => !isPausing);
  const comingTo = ({ shelf }: ShelfFacts): number => coming.get(shelf) ?? 0;
  while (room > 0 && creating < creationsMax) {
    // In turns: a kind whose calls use up what is made as fast as it is made must not keep the others' calls waiting for ever.
    const [next] = able.filter((facts) => comingTo(facts) < facts.demanded).sort((a, b) => comingTo(a) - comingTo(b));
    if (next === undefined) break;
    add(next.shelf, 'calls are waiting');
  }
  if (!isMakingSlow && able.some(({ demanded }) => demanded > 0)) return steps;
  const missing = ({ shelf, target, cold, demanded }: ShelfFacts): number => target + demanded - cold - (coming.get(shelf) ?? 0);
  while (room > 0 && creating < creationsMax) {
    const neediest = [...able].sort((a, b) => missing(b) - missing(a))[0];
    if (neediest === undefined || missing(neediest) <= 0) break;
    add(neediest.shelf, 'pool below its target');
  }
  return steps;
}

export interface Recommendation {
  /** What the demand alone asks for. */
  recommended: number;
  /** What is kept: the recommendation, not less than the minimum and not more than the cap. */
  target: number;
  reason: string;
}

/**
 * As many cold containers as are used up while one is made. Cold calls come by chance, so that with a mean of m used up the
 * number is seldom above m + 2 sqrt(m) (Poisson); below a twentieth the odd one out may wait.
 * @param coldPerSecond cold calls lately
 * @param startMs time that making a container takes
 */
export function recommend({ min, cap }: { min: number; cap: number }, coldPerSecond: number, startMs: number): Recommendation {
  const usedUp = (coldPerSecond * startMs) / 1000;
  const recommended = usedUp < 0.05 ? 0 : Math.ceil(usedUp + 2 * Math.sqrt(usedUp));
  const target = Math.min(Math.max(min, recommended), Math.max(min, cap));
  const rate = `${coldPerSecond.toFixed(2)} cold calls/s x ${Math.round(startMs)} ms to make a container`;
  if (recommended <= min) return { recommended, target, reason: `${rate} is covered by the minimum of ${min}` };
  if (recommended > cap) return { recommended, target, reason: `${rate} asks for ${recommended}, more than the cap of ${target}` };
  return { recommended, target, reason: `${rate} asks for ${recommended}` };
}
