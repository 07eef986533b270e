import { readFileSync } from 'node:fs';

/** `USER_HZ`: fixed at 100 for user space on every Linux architecture that Node supports. */
const TICKS_PER_SECOND = 100;

export interface ProcessUsage {
  rssKb: number;
  /** Processor time of the process and of its children that ended, ms. */
  cpuMs: number;
}

/** Use of one process by /proc; zeros when it has ended. */
export function processUsage(pid: number): ProcessUsage {
  try {
    return parseUsage(readFileSync(`/proc/${pid}/stat`, 'latin1'), readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return { rssKb: 0, cpuMs: 0 }; // it has just ended: that is told by EXIT
  }
}

export interface ProcessLife {
  /** It stands still by a signal: state `T` in proc(5). */
  isStopped?: true;
  /** Processor time of the process and of its children that ended, ms. */
  cpuMs?: number;
  /** Its main thread waits for something to happen: state `S`. */
  isAsleep?: true;
  /** How long its main thread has waited for a processor, ms; absent where the kernel does not count it. */
  waitMs?: number;
}

/** What a process has done lately, by /proc; nothing when it has ended. */
export function processLife(pid: number): ProcessLife {
  try {
    return { ...parseLife(readFileSync(`/proc/${pid}/stat`, 'latin1')), ...processWait(pid) };
  } catch {
    return {}; // it has just ended: that is told by EXIT
  }
}

function processWait(pid: number): Pick<ProcessLife, 'waitMs'> {
  try {
    return parseWait(readFileSync(`/proc/${pid}/schedstat`, 'latin1'));
  } catch {
    return {}; // a kernel without CONFIG_SCHED_INFO
  }
}

/** Pure part. */
export function stateOf(stat: string): string | undefined {
  return fieldsOf(stat)[0];
}

/** Pure part: `stat` as in proc(5). */
export function parseLife(stat: string): ProcessLife {
  const state = stateOf(stat);
  return {
    ...(state === 'T' ? { isStopped: true } : {}),
    ...(state === 'S' ? { isAsleep: true } : {}),
    cpuMs: processorMs(fieldsOf(stat)),
  };
}

/** Pure part: `schedstat` as in proc(5): time on a processor and time waiting for one, ns, and a count. */
export function parseWait(schedstat: string): Pick<ProcessLife, 'waitMs'> {
  return { waitMs: Math.round(Number(schedstat.split(' ')[1] ?? 0) / 1e6) };
}

/** Pure part: `stat` and `status` as in proc(5). */
export function parseUsage(stat: string, status: string): ProcessUsage {
  return { rssKb: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0), cpuMs: processorMs(fieldsOf(stat)) };
}

/** The command name is in parentheses and may itself contain anything; fields are counted from behind it. */
function fieldsOf(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function processorMs(fields: readonly string[]): number {
  const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index] ?? 0), 0);
  return (ticks * 1000) / TICKS_PER_SECOND;
}
