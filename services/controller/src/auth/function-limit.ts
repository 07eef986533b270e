/** The functions that a key is for: names, and beginnings of names that are written with a `*` behind. */
export class FunctionLimit {
  /** As they were given. */
  readonly patterns: readonly string[];
  readonly #names: ReadonlySet<string>;
  readonly #beginnings: readonly string[];

  constructor(patterns: readonly string[]) {
    this.patterns = patterns;
    this.#names = new Set(patterns.filter((pattern) => !pattern.endsWith('*')));
    this.#beginnings = patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1));
  }

  covers(functionName: string): boolean {
    if (this.#names.has(functionName)) return true;
    for (const beginning of this.#beginnings) if (functionName.startsWith(beginning)) return true;
    return false;
  }
}
