import type { NetworkMode } from '@easyfaas/contracts/wire';
import type { ColdWish } from './choose';

/** Cold containers that are alike: any of them can serve the same functions. */
export interface Shelf {
  runtime: string;
  /** Memory class: what its containers have before they are warmed up, MB. */
  classMb: number;
  network: NetworkMode;
  /** Size of /tmp, MB; absent for the default. */
  tmpMb?: number;
}

/** How many cold containers of a kind are kept. */
export interface ShelfRule extends Shelf {
  key: string;
  min: number;
  /** Most that the demand estimate may ask for. */
  cap: number;
}

export interface ShelfSettings {
  runtimes: Iterable<string>;
  /** MB, in any order. */
  classesMb: readonly number[];
  /** By `runtime` (its smallest class) or `runtime:classMb`. */
  minimums: Readonly<Record<string, number>>;
  /** Of a runtime's smallest class where `minimums` has nothing. */
  defaults?: Readonly<Record<string, number>>;
  caps: Readonly<Record<string, number>>;
  networks: readonly NetworkMode[];
  /** With egress, of each runtime's smallest class. */
  minEgress?: number;
}

/** Cold containers kept of a runtime's smallest class where neither EASYFAAS_POOL_MIN nor its manifest says how many. */
const MIN = 2;
/** Where EASYFAAS_POOL_CAP names none. */
const CAP = 8;

export function shelfKey({ runtime, classMb, network, tmpMb }: Shelf): string {
  const key = `${runtime}/${classMb}/${network}`;
  return tmpMb === undefined ? key : `${key}/tmp${tmpMb}`;
}

/** The kinds of cold containers that there can be, and their limits. */
export class Shelves {
  readonly #byKey: Map<string, ShelfRule>;

  constructor(rules: readonly ShelfRule[]) {
    this.#byKey = new Map(rules.map((rule) => [rule.key, rule]));
  }

  values(): Iterable<ShelfRule> {
    return this.#byKey.values();
  }

  get(key: string): ShelfRule | undefined {
    return this.#byKey.get(key);
  }

  /**
   * Where a container for a function is made: in the largest class that does not exceed the function's memory. A size of /tmp
   * of its own has one there is from the first wish on, and nothing is kept on it that was not asked for lately.
   */
  of({ runtime, network, memoryMb, tmpMb }: ColdWish): ShelfRule | undefined {
    let best: ShelfRule | undefined;
    for (const rule of this.#byKey.values()) {
      if (rule.runtime !== runtime || rule.network !== network || rule.tmpMb !== undefined || rule.classMb > memoryMb) continue;
      if (best === undefined || rule.classMb > best.classMb) best = rule;
    }
    return best === undefined || tmpMb === undefined ? best : this.#withStorage(best, tmpMb);
  }

  #withStorage(shelf: ShelfRule, tmpMb: number): ShelfRule {
    const key = shelfKey({ ...shelf, tmpMb });
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const rule = { ...shelf, key, tmpMb, min: 0 };
    this.#byKey.set(key, rule);
    return rule;
  }
}

/**
 * The shelves of the installed runtimes. Only the smallest class of a runtime without network is filled unless a minimum
 * says otherwise: the rest fills itself as it is asked for.
 * @throws Error when a setting names a runtime or a class that there is not
 */
export function shelvesOf({ runtimes, classesMb, minimums, caps, networks, defaults = {}, minEgress = 0 }: ShelfSettings): Shelves {
  const classes = [...new Set(classesMb)].sort((a, b) => a - b);
  const names = [...runtimes];
  const smallest = classes[0];
  assertKnown('EASYFAAS_POOL_MIN', minimums, names, classes);
  assertKnown('EASYFAAS_POOL_CAP', caps, names, classes);
  return new Shelves(
    names.flatMap((runtime) =>
      networks.flatMap((network) =>
        classes.map((classMb) => {
          const isFirst = classMb === smallest;
          const wanted = minimums[`${runtime}:${classMb}`] ?? (isFirst ? (minimums[runtime] ?? defaults[runtime] ?? MIN) : 0);
          const min = network === 'none' ? wanted : isFirst ? minEgress : 0;
          const cap = Math.max(min, caps[`${runtime}:${classMb}`] ?? (isFirst ? caps[runtime] : undefined) ?? CAP);
          return { key: shelfKey({ runtime, classMb, network }), runtime, classMb, network, min, cap };
        }),
      ),
    ),
  );
}

function assertKnown(variable: string, given: Readonly<Record<string, number>>, runtimes: string[], classes: number[]): void {
  const known = new Set(runtimes.flatMap((runtime) => [runtime, ...classes.map((classMb) => `${runtime}:${classMb}`)]));
  const unknown = Object.keys(given).filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new Error(
      `${variable} names ${unknown.join(', ')}; installed are ${runtimes.join(', ')}, in the classes ${classes.join(', ')} MB (runtime or runtime:class)`,
    );
  }
}
