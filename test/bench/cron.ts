import { call, callJson, deploy, removeDeployments } from '../support/stack';
import type { Figure } from './report';

const SCHEDULES = Number(process.env['BENCH_SCHEDULES'] ?? 10_000);
const AT_ONCE = 50;
const POLL_MS = 250;
const MINUTE_MS = 60_000;
/** They must not be due before all are there: each takes some milliseconds. */
const MAKING_MS = SCHEDULES * 12;
const ALL_RUN_MS = 120_000;
const QUICK = `exports.handler = async () => 'done';`;

/** Many schedules that are due in the same second: how long the controller's event loop is held up, and until all have run. */
export async function cron(): Promise<Figure[]> {
  const name = await deploy({ source: QUICK, concurrency: 10 });
  try {
    const quiet = await watch(() => new Promise((resolve) => setTimeout(resolve, 3000)));
    // Not due while they are made.
    const dueMs = Math.ceil((Date.now() + MAKING_MS) / MINUTE_MS) * MINUTE_MS;
    const configuration = { Schedule: `${new Date(dueMs).getUTCMinutes()} * * * *`, TimeZone: 'Europe/Berlin' };
    const making = await watch(() =>
      each(SCHEDULES, async () => {
        const answer = await callJson('POST', '/v1/triggers', { Source: 'cron', FunctionName: name, Configuration: configuration });
        if (answer.status !== 201) throw new Error(`a trigger was answered ${answer.status}: ${answer.text}`);
      }),
    );
    const restMs = dueMs - 500 - Date.now();
    if (restMs < 0) throw new Error(`making ${SCHEDULES} schedules took too long on this machine; set BENCH_SCHEDULES to fewer`);
    await new Promise((resolve) => setTimeout(resolve, restMs));
    let allMs = NaN;
    const firing = await watch(async (ended) => {
      const before = ended();
      while (ended() - before < SCHEDULES) {
        if (Date.now() - dueMs > ALL_RUN_MS) throw new Error(`${ended() - before} of ${SCHEDULES} have run`);
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
      allMs = Date.now() - dueMs;
    });
    return [
      { id: 'cron', subject: 'event loop held up, nothing to do', unit: 'ms', values: [quiet] },
      { id: 'cron', subject: `the same while ${SCHEDULES} schedules are made`, unit: 'ms', values: [making] },
      { id: 'cron', subject: 'the same while all are due', unit: 'ms', values: [firing], target: '<= 100 ms' },
      { id: 'cron', subject: 'until all that were due have run', unit: 'ms', values: [allMs] },
    ];
  } finally {
    await call(`/v1/functions/${name}?cascade=true`, { method: 'DELETE' });
    await removeDeployments();
  }
}

/**
 * The longest time, in ms, for which the controller did not come to its timers while something happens; it looks each 10 ms, which are part of it. One reader
 * only: each forgets what was before.
 * @param work is given how many events have ended, as was read last
 */
async function watch(work: (ended: () => number) => Promise<unknown>): Promise<number> {
  let longestMs = 0;
  let { ended } = await read();
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      const now = await read();
      ended = now.ended;
      longestMs = Math.max(longestMs, now.lagMs);
    }
  })();
  try {
    await work(() => ended);
  } finally {
    isOver = true;
    await watching;
  }
  return longestMs;
}

async function read(): Promise<{ lagMs: number; ended: number }> {
  const { text } = await call('/metrics');
  const figure = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);
  return {
    lagMs: figure(/^nodejs_eventloop_lag_max_seconds(?:\{.*\})? (\S+)$/m) * 1000,
    ended: figure(/^easyfaas_events_ended_total\{[^}]*status="succeeded"[^}]*\} (\S+)$/m),
  };
}

/** So many times, some at once; none any more after one that failed. */
async function each(count: number, work: () => Promise<void>): Promise<void> {
  let left = count;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (left-- > 0) {
        try {
          await work();
        } catch (error) {
          left = 0;
          throw error;
        }
      }
    }),
  );
}
