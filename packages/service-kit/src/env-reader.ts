import { readFileSync } from 'node:fs';

/**
 * Reads a service's environment: first names and types, then rules. Problems are collected and reported together, so
 * that an operator mends them in one go.
 */
export class EnvReader {
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #problems: string[] = [];

  constructor(env: Readonly<Record<string, string | undefined>>) {
    this.#env = env;
  }

  /** The text of a variable; empty counts as absent. */
  text(name: string, fallback: string): string {
    const value = this.#env[name];
    return value === undefined || value === '' ? fallback : value;
  }

  optionalText(name: string): string | undefined {
    const value = this.#env[name];
    return value === undefined || value === '' ? undefined : value;
  }

  /**
   * A secret: the text of a variable or, where that is absent, of the file that another variable names, without its last line break. Secrets
   * of Swarm and Kubernetes are files, and a file is not shown by `docker inspect`.
   */
  secret(name: string, fileVariable: string): string | undefined {
    const value = this.optionalText(name);
    const path = this.optionalText(fileVariable);
    if (value !== undefined && path !== undefined) this.problem(`${name} and ${fileVariable} are both set; leave one out`);
    if (value !== undefined || path === undefined) return value;
    try {
      const text = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
      if (text !== '') return text;
      this.problem(`${fileVariable} is "${path}", which is empty`);
    } catch (error) {
      this.problem(`${fileVariable} is "${path}", which cannot be read: ${(error as Error).message}`);
    }
    return undefined;
  }

  integer(name: string, fallback: number, range: { min: number; max: number }): number {
    return this.#number(name, fallback, range, /^-?\d+$/, 'a whole number');
  }

  decimal(name: string, fallback: number, range: { min: number; max: number }): number {
    return this.#number(name, fallback, range, /^-?\d+(\.\d+)?$/, 'a number');
  }

  choice<T extends string>(name: string, fallback: T, choices: readonly T[]): T {
    const value = this.text(name, fallback);
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    this.problem(`${name} is "${value}", allowed are ${choices.join(', ')}`);
    return fallback;
  }

  /** Comma-separated, blanks dropped. */
  list(name: string, fallback: string[]): string[] {
    const value = this.optionalText(name);
    if (value === undefined) return fallback;
    return value
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  }

  /** `a=1,b=2` as whole numbers by name. */
  integersByName(name: string, fallback: Record<string, number>): Record<string, number> {
    const items = this.list(name, []);
    if (items.length === 0) return fallback;
    const out: Record<string, number> = {};
    for (const item of items) {
      const match = /^([^=]+)=(\d+)$/.exec(item);
      if (match?.[1] === undefined || match[2] === undefined) this.problem(`${name} has "${item}", expected name=number`);
      else out[match[1]] = Number(match[2]);
    }
    return out;
  }

  /** Records a rule that the configuration breaks. */
  problem(text: string): void {
    this.#problems.push(text);
  }

  /** @throws ConfigurationError with every problem found */
  assertValid(): void {
    if (this.#problems.length > 0) throw new ConfigurationError(this.#problems);
  }

  #number(name: string, fallback: number, range: { min: number; max: number }, pattern: RegExp, kind: string): number {
    const text = this.optionalText(name);
    if (text === undefined) return fallback;
    const value = Number(text);
    if (pattern.test(text) && value >= range.min && value <= range.max) return value;
    this.problem(`${name} is "${text}", expected ${kind} from ${range.min} to ${range.max}`);
    return fallback;
  }
}

/** The environment cannot be used. The message lists every problem, one a line. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(problems: readonly string[]) {
    super(`The configuration has ${problems.length} problem(s):\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}
