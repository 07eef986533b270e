import { CronExpressionParser } from 'cron-parser';
import { invalidField } from '../../../invalid-field';

/** When something is due: `cron` in a time zone, every so often, or once. */
export interface Schedule {
  /** The first tick after that time, ms since the epoch; undefined when there is none any more. */
  nextAfterMs: (timeMs: number) => number | undefined;
}

const MINUTE_MS = 60_000;
const UNITS: Partial<Record<string, number>> = {
  minute: MINUTE_MS,
  minutes: MINUTE_MS,
  hour: 60 * MINUTE_MS,
  hours: 60 * MINUTE_MS,
  day: 24 * 60 * MINUTE_MS,
  days: 24 * 60 * MINUTE_MS,
};
const RATE_MAX = 1_000_000;
/** Digits, names of months and days, lists, ranges, steps, and L (last) and # (nth). No H: it would differ between pods. */
const FIELD = /^(?:[0-9A-Z*,/#?L-]+)$/i;
const EXAMPLES = 'such as "30 2 * * 1-5", "cron(30 2 * * ? )", "rate(5 minutes)" or "at(2030-01-31T12:00:00)"';

/**
 * Reads `cron(…)` or five plain fields, `rate(n minutes|hours|days)`, or `at(YYYY-MM-DDTHH:MM:SS)`.
 * @param timeZone IANA name, for cron and at
 * @param anchorMs when a rate begins to count
 * @throws ServiceError VALIDATION_FAILED
 */
export function parseSchedule(text: string, timeZone: string, anchorMs: number): Schedule {
  assertTimeZone(timeZone);
  const call = /^\s*(cron|rate|at)\((.*)\)\s*$/.exec(text);
  const [, kind, inner = ''] = call ?? [];
  if (kind === 'rate') return rate(inner, anchorMs);
  if (kind === 'at') return once(inner, timeZone);
  return cron(kind === 'cron' ? inner : text, timeZone);
}

function rate(text: string, anchorMs: number): Schedule {
  const match = /^\s*(\d{1,7})\s+([a-z]+)\s*$/.exec(text);
  const unitMs = UNITS[match?.[2] ?? ''];
  const count = Number(match?.[1]);
  if (unitMs === undefined || !(count >= 1 && count <= RATE_MAX)) {
    throw invalidField('Configuration.Schedule', `rate takes a whole number from 1 and minutes, hours or days, such as rate(5 minutes).`);
  }
  const everyMs = count * unitMs;
  return {
    nextAfterMs: (timeMs) =>
      timeMs < anchorMs ? anchorMs + everyMs : anchorMs + (Math.floor((timeMs - anchorMs) / everyMs) + 1) * everyMs,
  };
}

function once(text: string, timeZone: string): Schedule {
  const match = /^\s*(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2}))?(Z)?\s*$/.exec(text);
  if (match === null)
    throw invalidField('Configuration.Schedule', 'at takes a time such as at(2030-01-31T12:00:00), in the TimeZone, or with Z.');
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map((part) => Number(part ?? 0));
  const asUtcMs = Date.UTC(year, month - 1, day, hour, minute, second);
  const isReal = new Date(asUtcMs).toISOString().startsWith(`${match[1]}-${match[2]}-${match[3]}T${match[4]}:${match[5]}`) && second < 60;
  if (!isReal) throw invalidField('Configuration.Schedule', `at(${text.trim()}) is no time of the calendar.`);
  const atMs = match[7] === 'Z' ? asUtcMs : localToUtcMs(asUtcMs, timeZone);
  return { nextAfterMs: (timeMs) => (timeMs < atMs ? atMs : undefined) };
}

function cron(text: string, timeZone: string): Schedule {
  const fields = text.trim().split(/\s+/);
  if (fields.length !== 5 || !fields.every((field) => FIELD.test(field) && !/(^|,)H/i.test(field))) {
    throw invalidField(
      'Configuration.Schedule',
      `A cron schedule has five fields: minute, hour, day of month, month, day of week, ${EXAMPLES}.`,
    );
  }
  const expression = fields.join(' ');
  const next = (timeMs: number): number | undefined => {
    const found = CronExpressionParser.parse(expression, { tz: timeZone, currentDate: new Date(timeMs) });
    return found.hasNext() ? found.next().getTime() : undefined;
  };
  try {
    if (next(Date.UTC(2026, 0, 1)) === undefined) throw new Error('it is never due');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.slice(0, 100) : '';
    throw invalidField('Configuration.Schedule', `The schedule "${expression.slice(0, 80)}" is no cron schedule (${why}); ${EXAMPLES}.`);
  }
  return { nextAfterMs: next };
}

/** @throws ServiceError VALIDATION_FAILED */
export function assertTimeZone(timeZone: string): void {
  const isName = /^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(timeZone);
  try {
    if (isName) new Intl.DateTimeFormat('en', { timeZone });
    else throw new RangeError(timeZone);
  } catch {
    throw invalidField(
      'Configuration.TimeZone',
      `TimeZone must be an IANA name such as Europe/Berlin or UTC, not ${JSON.stringify(timeZone.slice(0, 64))}.`,
    );
  }
}

/**
 * A time of the wall clock as UTC. In a gap the clock is taken as if it had not been put forward (02:30 becomes 03:30); of an hour that
 * comes twice it is the first.
 */
function localToUtcMs(wallMs: number, timeZone: string): number {
  const before = wallMs - offsetMs(wallMs - 24 * 60 * MINUTE_MS, timeZone);
  const after = wallMs - offsetMs(wallMs + 24 * 60 * MINUTE_MS, timeZone);
  const fits = (utcMs: number): boolean => utcMs + offsetMs(utcMs, timeZone) === wallMs;
  if (fits(before)) return before;
  return fits(after) ? after : before;
}

function offsetMs(utcMs: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(new Date(utcMs));
  const part = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.find((each) => each.type === type)?.value ?? 0);
  const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return local - Math.floor(utcMs / 1000) * 1000;
}
