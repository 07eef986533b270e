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

/** Whether a process stands still by a signal, by the state that /proc shows (`T` in proc(5)); false when it has ended. */
export function isStopped(pid: number): boolean {
  try {
    return stateOf(readFileSync(`/proc/${pid}/stat`, 'latin1')) === 'T';
  } catch {
    return false; // it has just ended: that is told by EXIT
  }
}

/** Pure part. */
export function stateOf(stat: string): string | undefined {
  return stat.slice(stat.lastIndexOf(')') + 2)[0];
}

/** Pure part: `stat` and `status` as in proc(5). */
export function parseUsage(stat: string, status: string): ProcessUsage {
  // The command name is in parentheses and may itself contain anything; fields are counted from behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index] ?? 0), 0);
  return { rssKb: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0), cpuMs: (ticks * 1000) / TICKS_PER_SECOND };
}
