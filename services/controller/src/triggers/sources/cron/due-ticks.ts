import type { Schedule } from './schedule';

export type MissedRuns = 'latest' | 'all' | 'skip';

export interface DueTicks {
  /** To be fired now, oldest first. */
  fire: number[];
  /** How many were left out. */
  skipped: number;
  /** The tick after those; undefined when there is none any more. */
  next: number | undefined;
}

/** A tick that is late by less is not a missed one: a slow machine must not lose runs with `skip`. */
const ON_TIME_MS = 60_000;
/** With `all`: fired in one go, the rest follows at once. */
const FIRED_AT_ONCE = 100;
/** Ticks that are walked through one by one: each costs a third of a millisecond of the event loop. */
const WALKED = 50;
const MINUTE_MS = 60_000;
/** Where the last tick before now is looked for after that, nearest first. */
const LOOK_BACK_MS = [MINUTE_MS, 60 * MINUTE_MS, 24 * 60 * MINUTE_MS, 32 * 24 * 60 * MINUTE_MS, 366 * 24 * 60 * MINUTE_MS];

/**
 * Which ticks of a schedule are to be fired, when the one at `firstMs` and perhaps later ones are due. Pure. After a long time
 * away ticks are left out of the count of the skipped ones, never fired ones.
 * @param firstMs the first tick that was not fired yet
 * @param nowMs both ms since the epoch
 */
export function dueTicks(schedule: Schedule, firstMs: number, nowMs: number, missed: MissedRuns): DueTicks {
  const due: number[] = [];
  let tick: number | undefined = firstMs;
  while (tick !== undefined && tick <= nowMs) {
    due.push(tick);
    if (missed === 'all' && due.length >= FIRED_AT_ONCE) return { fire: due, skipped: 0, next: schedule.nextAfterMs(tick) };
    const after: number | undefined = schedule.nextAfterMs(tick);
    tick = due.length === WALKED && missed !== 'all' ? lateTick(schedule, after, nowMs) : after;
  }
  const fire = choose(due, nowMs, missed);
  return { fire, skipped: due.length - fire.length, next: tick };
}

/** A tick near the last one that is due, or the one given when there is no later one. */
function lateTick(schedule: Schedule, after: number | undefined, nowMs: number): number | undefined {
  for (const backMs of LOOK_BACK_MS) {
    const tick = schedule.nextAfterMs(nowMs - backMs);
    if (tick !== undefined && tick <= nowMs && after !== undefined && tick > after) return tick;
  }
  return after;
}

function choose(due: number[], nowMs: number, missed: MissedRuns): number[] {
  if (missed === 'all') return due;
  if (missed === 'latest') return due.slice(-1);
  return due.filter((tick) => nowMs - tick < ON_TIME_MS);
}
