import { createHmac, timingSafeEqual } from 'node:crypto';
import { ServiceError } from '@easyfaas/service-kit';

/** How deep invocations may lead to invocations; AWS Lambda's loop detection stops at the same number. */
export const DEPTH_MAX = 16;

/** @throws ServiceError RECURSION_LIMIT */
export function assertDepth(depth: number): void {
  if (depth < DEPTH_MAX) return;
  throw new ServiceError('RECURSION_LIMIT', `${depth} invocations led to this one, the limit is ${DEPTH_MAX}: it is not accepted.`);
}

/** Depth of a chain of invocations as text that a function may carry on but cannot make up: `<depth>.<mac>`. */
export class Chain {
  readonly #signed: readonly string[];

  /** @param secret of the instance, the same in all pods */
  constructor(secret: Buffer) {
    this.#signed = Array.from({ length: DEPTH_MAX + 1 }, (_each, depth) => `${depth}.${macOf(secret, depth)}`);
  }

  /** @param depth 0 for the first invocation of a chain; deeper than the limit is the limit */
  sign(depth: number): string {
    return this.#signed[Math.min(depth, DEPTH_MAX)] ?? '';
  }

  /** @returns the depth that a text of {@link sign} says, else undefined */
  read(text: string): number | undefined {
    const depth = /^(\d{1,2})\.[A-Za-z0-9_-]{22}$/.exec(text)?.[1];
    const expected = depth === undefined ? undefined : this.#signed[Number(depth)];
    if (expected === undefined || expected.length !== text.length) return undefined;
    return timingSafeEqual(Buffer.from(expected), Buffer.from(text)) ? Number(depth) : undefined;
  }
}

function macOf(secret: Buffer, depth: number): string {
  return createHmac('sha256', secret).update(`depth ${depth}`).digest('base64url').slice(0, 22);
}
