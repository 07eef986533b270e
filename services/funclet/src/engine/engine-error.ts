/**
 * - `notFound`: the container or image does not exist
 * - `conflict`: it exists but its state forbids the call
 * - `refused`: the request itself is wrong; repeating it is useless
 * - `unavailable`: the engine did not answer, or failed inside
 */
export type EngineErrorKind = 'notFound' | 'conflict' | 'refused' | 'unavailable';

/** A call to the container engine that did not do its work. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly kind: EngineErrorKind;

  constructor(kind: EngineErrorKind, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.kind = kind;
  }
}

/** Awaits a call for which "there is no such thing (any more)" is a good end. */
export async function ignoreNotFound(call: Promise<void>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof EngineError) || error.kind !== 'notFound') throw error;
  }
}
