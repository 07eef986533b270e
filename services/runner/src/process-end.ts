import { constants } from 'node:os';
import { stateOf } from './process-usage';

/** Signal by number; of several names the first one: SIGABRT, not SIGIOT. */
const SIGNALS = new Map(
  Object.entries(constants.signals)
    .reverse()
    .map(([name, number]) => [number, name]),
);
/** `exit_code` in proc(5) is the 52nd field of `stat`; the first two are the id and the name. */
const EXIT_CODE = 52 - 3;

/** How a process ended, as `exit` of a `ChildProcess` tells it. */
export interface ProcessEnd {
  code: number | null;
  signal: string | null;
}

/** Pure: of `/proc/<pid>/stat` of a child. The status is as waitpid(2) gives it. @returns undefined while it runs */
export function parseEnd(stat: string): ProcessEnd | undefined {
  if (stateOf(stat) !== 'Z') return undefined;
  const status = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[EXIT_CODE]);
  const signal = status & 0x7f;
  if (signal === 0) return { code: (status >> 8) & 0xff, signal: null };
  return { code: null, signal: SIGNALS.get(signal) ?? `signal ${signal}` };
}
