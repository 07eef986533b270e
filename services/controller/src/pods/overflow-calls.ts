import type { ServiceError } from '@easyfaas/service-kit';
import { throttled } from '../invoke/admission';
import type { Call } from '../invoke/call';
import type { Overflow } from '../invoke/overflow';
import type { FunctionPool } from '../pool/function-pool';
import { choosePod } from './choose-pod';
import { limitShare, placeOf } from './limit-share';
import type { Shortage } from './own-pool';
import type { PodCalls } from './pod-calls';
import type { PodLease } from '@easyfaas/contracts/wire';
import type { PodMembership } from './pod-membership';

export interface OverflowCallsOptions {
  membership: Pick<PodMembership, 'candidates' | 'self'>;
  calls: Pick<PodCalls, 'send'>;
  shortages: () => Shortage[];
  settle: (call: Call, error: ServiceError) => void;
  accountLimit: number;
  random: () => number;
}

/** A call that has been elsewhere, or comes from there, stays: a call is sent on once. */
const mayLeave = ({ elsewhere, request }: Call): boolean => elsewhere === undefined && request.forwarded === undefined;

/** Its pod can make it wait as well as this one. One that came for a limit's sake is at home here, and nowhere else. */
const mayGoBack = ({ request }: Call): boolean => request.forwarded?.isAdmitted === true;

/** Decides which calls leave for another pod, and for which. */
export class OverflowCalls implements Overflow {
  readonly #options: OverflowCallsOptions;

  constructor(options: OverflowCallsOptions) {
    this.#options = options;
  }

  /**
   * A full line or this pod's part of a limit. For a limit another pod with a part of it is asked, room or not: it may have warm
   * containers, which its lease does not tell.
   */
  takeRefused(call: Call, refusal: ServiceError): boolean {
    if (!mayLeave(call)) return false;
    const pod = refusal.details?.['reason'] === 'WaitingLineFull' ? this.#podWithRoom(call) : this.#podWithShare(call);
    if (pod === undefined) return false;
    this.#options.calls.send(call, pod, refusal);
    return true;
  }

  relieve(): void {
    for (const { pool, count } of this.#options.shortages()) {
      let calls = count * pool.concurrency;
      const leaving: Call[] = [];
      // Oldest first: they have waited longest.
      pool.line.forEach((call) => {
        if (calls > 0 && (mayGoBack(call) || mayLeave(call))) {
          leaving.push(call);
          calls--;
        }
      });
      for (const call of leaving) this.#leave(call, pool);
    }
  }

  #leave(call: Call, pool: FunctionPool): void {
    const { forwarded } = call.request;
    if (forwarded !== undefined) {
      pool.line.remove(call);
      const text = `The pod has no room for a call of ${forwarded.podId} after all.`;
      return this.#options.settle(call, throttled('PodFull', text, 1));
    }
    const pod = this.#podWithRoom(call);
    if (pod === undefined) return;
    pool.line.remove(call);
    this.#options.calls.send(call, pod, undefined);
  }

  #podWithRoom({ request }: Call): PodLease | undefined {
    const { Runtime, MemorySize } = request.stored.configuration;
    const { membership, random } = this.#options;
    return choosePod(membership.candidates(), { runtime: Runtime, memoryMb: MemorySize }, random);
  }

  #podWithShare(call: Call): PodLease | undefined {
    const { membership, accountLimit, random } = this.#options;
    const candidates = membership.candidates().filter(({ lease }) => !lease.isDraining);
    const { self } = membership;
    if (self === undefined || candidates.length === 0) return undefined;
    const podIds = [self.podId, ...candidates.map(({ lease }) => lease.podId)];
    const limit = Math.min(call.request.stored.concurrency.ReservedConcurrentExecutions ?? Infinity, accountLimit);
    const able = candidates.filter(({ lease }) => limitShare(limit, placeOf(lease.podId, podIds)) > 0);
    const { Runtime, MemorySize } = call.request.stored.configuration;
    const chosen = choosePod(able, { runtime: Runtime, memoryMb: MemorySize }, random);
    return chosen ?? able[Math.floor(random() * able.length)]?.lease;
  }
}
