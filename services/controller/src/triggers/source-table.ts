import { invalidField } from '../invalid-field';
import type { TriggerSource } from './source';

/** The kinds of triggers that there are: every source is registered here and nowhere else. */
export class SourceTable {
  readonly #byKind = new Map<string, TriggerSource>();

  /** @throws Error for a kind that is there already, or has a wrong name: a bug */
  register<C>(source: TriggerSource<C>): this {
    if (!/^[a-z][a-z0-9-]{0,31}$/.test(source.kind)) throw new Error(`"${source.kind}" is no name of a trigger source.`);
    if (this.#byKind.has(source.kind)) throw new Error(`There are two trigger sources "${source.kind}".`);
    // A source gets back only what its own validate returned.
    this.#byKind.set(source.kind, source as unknown as TriggerSource);
    return this;
  }

  /** @throws ServiceError VALIDATION_FAILED naming the kinds that there are */
  get(kind: string): TriggerSource {
    const source = this.#byKind.get(kind);
    if (source !== undefined) return source;
    throw invalidField('Source', `There is no trigger source "${kind.slice(0, 40)}"; there are ${[...this.#byKind.keys()].join(', ')}.`);
  }

  find(kind: string): TriggerSource | undefined {
    return this.#byKind.get(kind);
  }

  values(): Iterable<TriggerSource> {
    return this.#byKind.values();
  }
}
