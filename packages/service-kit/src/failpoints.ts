import type { EnvReader } from './env-reader';

/**
 * Places at which a test ends this process, to see what the next one makes of what it finds. Nothing is armed unless
 * the environment names places, which a service accepts only together with `EASYFAAS_UNSAFE=1`.
 */
export class Failpoints<Name extends string> {
  /** How many more times a place is passed before the process ends there. */
  readonly #left: Map<Name, number>;
  readonly #end: (name: Name) => void;

  /** @param end ends the process; MUST NOT return to code that has a state to lose */
  constructor(armed: ReadonlyMap<Name, number> = new Map(), end: (name: Name) => void = killOurselves) {
    this.#left = new Map(armed);
    this.#end = end;
  }

  /** The process is at this place now. */
  reach(name: Name): void {
    if (this.#left.size === 0) return;
    const left = this.#left.get(name);
    if (left === undefined) return;
    this.#left.set(name, left - 1);
    if (left === 1) this.#end(name);
  }
}

/** As a crash does it: no handler runs, nothing is flushed. */
function killOurselves(): void {
  process.kill(process.pid, 'SIGKILL');
}

const ITEM = /^([a-z][a-z-]*)(?:@([1-9]\d{0,5}))?$/;

/**
 * Reads a list of failpoints: `name` or `name@count`, comma-separated; the process ends when the place is reached for the
 * count-th time. A name that does not exist, or any at all without `isUnsafe`, is a problem of the configuration.
 */
export function readFailpoints<Name extends string>(
  reader: EnvReader,
  variable: string,
  { names, isUnsafe }: { names: readonly Name[]; isUnsafe: boolean },
): Map<Name, number> {
  const armed = new Map<Name, number>();
  const items = reader.list(variable, []);
  if (items.length > 0 && !isUnsafe) reader.problem(`${variable} is set, which is for tests and needs EASYFAAS_UNSAFE=1`);
  for (const item of items) {
    const [, name, count = '1'] = ITEM.exec(item) ?? [];
    const known = names.find((each) => each === name);
    if (known === undefined) reader.problem(`${variable} has "${item}", expected name or name@count with one of ${names.join(', ')}`);
    else armed.set(known, Number(count));
  }
  return armed;
}
