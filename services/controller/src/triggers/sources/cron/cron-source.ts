import type { CronConfiguration } from '@easyfaas/contracts/wire';
import type { Clock, Logger } from '@easyfaas/service-kit';
import type { SourceTrigger, TriggerPort, TriggerSource } from '../../source';
import { checkCronConfiguration, scheduleOf } from './cron-configuration';
import { cronPayload, jitterMs } from './cron-event';
import type { DueEntry, DueSet } from './due-set';
import { dueTicks } from './due-ticks';
import type { Schedule } from './schedule';
import { SharedSchedules } from './shared-schedules';

export interface CronSourceDeps {
  dueSet: DueSet;
  clock: Clock;
  logger: Logger;
  /** Whether the trigger is there and enabled, as the store knows it. */
  isWanted: (accountId: string, triggerId: string) => Promise<boolean>;
  /** Whether an invocation is still to run or running. */
  isUnfinished: (accountId: string, functionName: string, invocationId: string) => Promise<boolean>;
}

type Configuration = Required<CronConfiguration>;

interface Started {
  trigger: SourceTrigger<Configuration>;
  schedule: Schedule;
  port: TriggerPort;
}

const LOOK_EVERY_MS = 250;
/** A pod that dies with claimed ticks loses them to the others after this. */
const LEASE_MS = 10_000;
/** Looked at in one turn: a tick costs about half a millisecond of the event loop. */
const CLAIMED_AT_ONCE = 20;
const SHOWN_RUNS = 5;
const FINISHED = 'The schedule has no further run.';

/**
 * Ticks of schedules. All pods look at one set in Redis; a tick is claimed by one of them, its event is accepted under the id
 * trigger@tick, and then the next tick takes its place. So each is fired once, whoever dies in between.
 */
export class CronSource implements TriggerSource<Configuration> {
  readonly kind = 'cron';
  readonly placement = 'every-pod';
  readonly secretNames = [];
  readonly #deps: CronSourceDeps;
  readonly #started = new Map<string, Started>();
  readonly #schedules = new SharedSchedules();
  #cancel: (() => void) | undefined;
  #round: Promise<void> | undefined;

  constructor(deps: CronSourceDeps) {
    this.#deps = deps;
  }

  validate = checkCronConfiguration;

  describe(trigger: Omit<SourceTrigger<Configuration>, 'secrets'>): Record<string, unknown> {
    const schedule = this.#scheduleOf(trigger);
    const runs: string[] = [];
    let tick = schedule.nextAfterMs(this.#deps.clock.wallMs());
    while (tick !== undefined && runs.length < SHOWN_RUNS) {
      runs.push(new Date(tick).toISOString());
      tick = schedule.nextAfterMs(tick);
    }
    return { NextRuns: runs };
  }

  async start(trigger: SourceTrigger<Configuration>, port: TriggerPort): Promise<void> {
    const { triggerId } = trigger;
    const schedule = this.#scheduleOf(trigger);
    this.#started.set(triggerId, { trigger, schedule, port });
    this.#cancel ??= this.#later();
    const tickMs = schedule.nextAfterMs(this.#deps.clock.wallMs());
    if (tickMs === undefined) {
      // A run that was missed may still have to be made up for.
      if (!(await this.#deps.dueSet.has(trigger.accountId, triggerId))) await port.pause(FINISHED);
      return;
    }
    const entry = entryOf(trigger, tickMs);
    await this.#deps.dueSet.offer(entry, attentionMs(trigger, tickMs));
  }

  /** The entry stays: another pod may have the trigger, and whoever claims one that nobody wants removes it. */
  async stop(triggerId: string): Promise<void> {
    this.#started.delete(triggerId);
    if (this.#started.size > 0) return;
    this.#cancel?.();
    this.#cancel = undefined;
    await this.#round;
  }

  #scheduleOf({ configuration, createdAt }: Pick<SourceTrigger<Configuration>, 'configuration' | 'createdAt'>): Schedule {
    const { Schedule: text, TimeZone } = configuration;
    // Only a rate depends on when its trigger was made.
    const words = JSON.stringify([text, TimeZone, text.includes('rate') ? createdAt : '']);
    return this.#schedules.of(words, () => scheduleOf(configuration, createdAt));
  }

  #later(): () => void {
    return this.#deps.clock.after(LOOK_EVERY_MS, () => {
      this.#round = this.#lookAll()
        .catch((error: unknown) => this.#deps.logger.warn('due schedules could not be looked at', { error }))
        .finally(() => {
          if (this.#cancel !== undefined) this.#cancel = this.#later();
        });
    });
  }

  async #lookAll(): Promise<void> {
    const { dueSet, clock } = this.#deps;
    for (;;) {
      const claimed = await dueSet.claim(clock.wallMs(), LEASE_MS, CLAIMED_AT_ONCE);
      await Promise.all(claimed.map((entry) => this.#look(entry)));
      if (claimed.length < CLAIMED_AT_ONCE || this.#cancel === undefined) return;
    }
  }

  /** An entry that fails stays claimed and is looked at again when its lease ends. */
  async #look(entry: DueEntry): Promise<void> {
    const { triggerId, accountId } = entry;
    try {
      const started = this.#started.get(triggerId);
      if (started === undefined) {
        if (!(await this.#deps.isWanted(accountId, triggerId))) await this.#deps.dueSet.drop(entry);
      } else if (started.trigger.revisionId === entry.revisionId) await this.#fire(entry, started);
    } catch (error) {
      this.#deps.logger.warn('a tick could not be fired and is tried again', { triggerId, tickMs: entry.tickMs, error });
    }
  }

  async #fire(entry: DueEntry, { trigger, schedule, port }: Started): Promise<void> {
    const { configuration, triggerId } = trigger;
    const { fire, skipped, next } = dueTicks(schedule, entry.tickMs, this.#deps.clock.wallMs(), configuration.MissedRuns);
    port.skip(skipped);
    let { lastInvocationId } = entry;
    for (const tickMs of fire) {
      if (configuration.Overlap === 'skip' && (await this.#isRunning(trigger, lastInvocationId))) {
        port.skip(1);
        continue;
      }
      const payload = cronPayload(trigger, configuration.Input, tickMs);
      const accepted = await port.accept({ payload, contentType: 'application/json', eventId: String(tickMs) });
      if (accepted.kind === 'accepted') lastInvocationId = accepted.invocationId;
    }
    if (next === undefined) {
      await this.#deps.dueSet.drop(entry);
      await port.pause(FINISHED);
      return;
    }
    const following = { ...entryOf(trigger, next), ...(lastInvocationId === undefined ? {} : { lastInvocationId }) };
    await this.#deps.dueSet.advance(entry, following, next + jitterMs(triggerId, next, configuration.JitterSeconds));
  }

  async #isRunning({ accountId, functionName }: SourceTrigger<Configuration>, invocationId: string | undefined): Promise<boolean> {
    return invocationId !== undefined && (await this.#deps.isUnfinished(accountId, functionName, invocationId));
  }
}

function entryOf({ accountId, triggerId, revisionId, updatedAt }: SourceTrigger<Configuration>, tickMs: number): DueEntry {
  return { accountId, triggerId, tickMs, revisionId, updatedAt };
}

function attentionMs({ triggerId, configuration }: SourceTrigger<Configuration>, tickMs: number): number {
  return tickMs + jitterMs(triggerId, tickMs, configuration.JitterSeconds);
}
