import type { ContainerCreations } from './container-creations';
import type { DemandEstimate } from './demand-estimate';
import { type Recommendation, recommend } from './scale';
import type { Shelves } from './shelves';

export interface PoolTargetsDeps {
  shelves: Shelves;
  estimate: DemandEstimate;
  creations: Pick<ContainerCreations, 'meanMs'>;
}

/** How many cold containers of each kind are kept ready now, and why. */
export class PoolTargets {
  readonly #deps: PoolTargetsDeps;

  constructor(deps: PoolTargetsDeps) {
    this.#deps = deps;
  }

  of(shelf: string): Recommendation {
    const { shelves, estimate, creations } = this.#deps;
    const rule = shelves.get(shelf) ?? { min: 0, cap: 0 };
    return recommend(rule, estimate.perSecond(shelf), creations.meanMs(shelf));
  }

  /** By kind. */
  all(): Map<string, number> {
    return new Map([...this.#deps.shelves.values()].map(({ key }) => [key, this.of(key).target]));
  }
}
