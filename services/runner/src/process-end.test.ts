import { parseEnd } from './process-end';

/** A line of /proc/<pid>/stat with the state and the status that matter here. */
const stat = (state: string, status: number): string => `7 (a (b) c) ${state} ${'0 '.repeat(48)}${status}\n`;

describe('parseEnd', () => {
  it('is nothing while the process runs or stands still', () => {
    expect(parseEnd(stat('R', 0))).toBeUndefined();
    expect(parseEnd(stat('T', 0))).toBeUndefined();
  });

  it('tells the exit status', () => {
    expect(parseEnd(stat('Z', 0))).toEqual({ code: 0, signal: null });
    expect(parseEnd(stat('Z', 3 << 8))).toEqual({ code: 3, signal: null });
    expect(parseEnd(stat('Z', 137 << 8))).toEqual({ code: 137, signal: null });
  });

  it('tells the signal by the name that a ChildProcess has for it, also where memory was dumped', () => {
    expect(parseEnd(stat('Z', 9))).toEqual({ code: null, signal: 'SIGKILL' });
    expect(parseEnd(stat('Z', 6 | 0x80))).toEqual({ code: null, signal: 'SIGABRT' });
  });
});
