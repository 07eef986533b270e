import type { ColdReason, StoredFunction } from '@easyfaas/contracts/wire';
import type { ServiceError } from '@easyfaas/service-kit';
import type { AccountShare } from '../invoke/admission';
import type { Call } from '../invoke/call';
import type { Outcome } from '../invoke/outcome';
import { retryAfterSeconds } from '../invoke/retry-after';
import { type ColdWish, chooseWarm } from './choose';
import { coldWishOf } from './cold-wish-of';
import type { PoolContainer } from './container';
import { StartCircuit } from './start-circuit';
import { WaitingLine } from './waiting-line';

/** Weight of the newest call in the mean. */
const MEAN_WEIGHT = 0.1;

/** What all commits of one function share. */
export interface FunctionShare {
  /** Calls admitted and not ended, of all commits. */
  admitted: number;
  /** Why its last container went away; undefined when it had none in this controller's life. */
  lastEnd: ColdReason | undefined;
  /** Monotonic, ms: when it was last seen to hold a container, at the times when containers were shared out. */
  lastHeldMs?: number;
  /** Calls that ended in a container, as of the last time that they were counted. */
  counted?: number;
}

/** The containers and the waiting line of one commit of one function. */
export class FunctionPool {
  readonly accountId: string;
  readonly concurrency: number;
  readonly share: FunctionShare;
  readonly account: AccountShare;
  readonly line: WaitingLine<Call>;
  readonly containers = new Set<PoolContainer>();
  /** With a free slot, least recently used first. */
  readonly #free: PoolContainer[] = [];
  /** Of the same commit, or of one that differs in memory alone. */
  stored: StoredFunction;
  /** Containers in the phases warming and loading. */
  warmingUp = 0;
  /** Warm containers that are about to take calls again: being thawed, or having their memory changed. */
  comingBack = 0;
  /** Containers that are kept warm on purpose, and how many of them are not even on their way. */
  provisioned = 0;
  missing = 0;
  /** Why its code could not be loaded the last time. */
  startProblem: string | undefined;
  /** A call waited while there was no cold container. */
  foundPoolEmpty = false;
  meanCallMs: number | undefined;
  /** Calls that ended in a container, and those of them that waited for a warm-up. Taken and set to 0 by the pool's report. */
  ended = 0;
  coldEnded = 0;
  /** The last start failed in a way that a repetition would not change: answered to new calls until then. */
  startFailure: { outcomeOf: (call: Call) => Outcome; untilMs: number } | undefined;
  /** The platform could not prepare a container; the cause for those who wait in vain. */
  lastFailure: ServiceError | undefined;
  /** What the node lacked when a warm-up was last refused for want of memory, MB; 0 when the last one was not. */
  missingMb = 0;
  /** It is the memory that goes with processors that were missing. */
  lacksCpu = false;
  /** No warm-up is tried before this time. */
  retryAtMs = 0;
  failures = 0;
  readonly circuit = new StartCircuit();
  /** A newer commit is current, or the function is gone: containers are given back as they become idle. */
  isRetired = false;
  /** Not listed any more: a call that still holds the function's old record gets a new pool. */
  isForgotten = false;
  isRecheckPlanned = false;

  constructor(stored: StoredFunction, { share, account, lineLimit }: { share: FunctionShare; account: AccountShare; lineLimit: number }) {
    this.stored = stored;
    this.share = share;
    this.account = account;
    this.accountId = stored.accountId;
    this.concurrency = stored.configuration.PodConcurrentQuota;
    this.line = new WaitingLine(lineLimit);
  }

  get commitId(): string {
    return this.stored.configuration.CommitId;
  }

  /** Warm containers, frozen or not. */
  get ready(): number {
    let ready = 0;
    for (const { phase } of this.containers) if (phase === 'warm' || phase === 'paused') ready++;
    return ready;
  }

  /** The same, and those that are on their way there. */
  get alive(): number {
    return this.ready + this.warmingUp;
  }

  /** Whether the container is one of those that are kept warm on purpose: the ones that were used last. */
  isKept(container: PoolContainer): boolean {
    if (this.provisioned === 0 || this.isRetired) return false;
    let better = 0;
    for (const other of this.containers) {
      if (other === container || (other.phase !== 'warm' && other.phase !== 'paused')) continue;
      const isBefore = other.lastUsedMs > container.lastUsedMs;
      if (isBefore || (other.lastUsedMs === container.lastUsedMs && other.containerId < container.containerId)) better++;
    }
    return better < this.provisioned;
  }

  /** Warm containers, busy or not. */
  get warm(): number {
    let warm = 0;
    for (const { phase } of this.containers) if (phase === 'warm') warm++;
    return warm;
  }

  /** Nothing is left that would need this object. */
  get isEmpty(): boolean {
    return this.containers.size === 0 && this.line.length === 0;
  }

  /** What a container has to be like to be warmed up for the function. */
  get wish(): ColdWish {
    return coldWishOf(this.stored.configuration);
  }

  /** When a refused caller does well to come again: when the line will have gone through the slots. Whole seconds, 1 to 60. */
  get retryAfterS(): number {
    const slots = (this.warm + this.warmingUp) * this.concurrency;
    return retryAfterSeconds({ ahead: this.line.length + 1, slots, meanCallMs: this.meanCallMs });
  }

  chooseWarm(): PoolContainer | undefined {
    return chooseWarm(this.#free);
  }

  /** Called after each change of the container's calls or phase: keeps the list of free ones, last used last. */
  noteSlots(container: PoolContainer): void {
    const hasSlot = container.phase === 'warm' && !container.isHeld && container.inFlight < container.concurrency;
    if (hasSlot === container.isFree) return;
    container.isFree = hasSlot;
    if (hasSlot) this.#free.push(container);
    else if (this.#free.at(-1) === container) this.#free.pop();
    else this.#free.splice(this.#free.indexOf(container), 1);
  }

  noteCallMs(callMs: number, isCold: boolean): void {
    this.ended++;
    if (isCold) this.coldEnded++;
    this.meanCallMs = meanWith(this.meanCallMs, callMs);
    this.account.meanCallMs = meanWith(this.account.meanCallMs, callMs);
  }

  remove(container: PoolContainer): void {
    this.noteSlots(container);
    this.containers.delete(container);
  }
}

function meanWith(meanMs: number | undefined, newestMs: number): number {
  return meanMs === undefined ? newestMs : meanMs + MEAN_WEIGHT * (newestMs - meanMs);
}
