import { parseLife, parseUsage, parseWait } from './process-usage';

describe('parseUsage', () => {
  it('counts the fields from behind the name, which may contain anything', () => {
    // pid (comm) state ppid pgrp session tty tpgid flags minflt cminflt majflt cmajflt utime stime cutime cstime ...
    const stat = '42 (a) S (b 1) R 1 42 42 0 -1 4194304 100 0 0 0 150 50 7 3 20 0 1 0 1 1 1\n';
    expect(parseUsage(stat, 'Name:\tnode\nVmRSS:\t   42104 kB\n')).toEqual({ rssKb: 42104, cpuMs: 2100 });
  });

  it('is zero for what is not there, as in the status of a zombie', () => {
    expect(parseUsage('42 (node) Z 1 42 42 0 -1 0 0 0 0 0 0 0 0 0', 'Name:\tnode\n')).toEqual({ rssKb: 0, cpuMs: 0 });
  });
});

describe('parseLife', () => {
  it('finds state and processor time behind the name, which may contain anything', () => {
    expect(parseLife('42 (a) S (b 1) T 1 42 42 0 -1 4194304 100 0 0 0 150 50 7 3')).toEqual({ isStopped: true, cpuMs: 2100 });
    expect(parseLife('42 (node) R 1 42 42 0 -1 0 0 0 0 0 2 0 0 0')).toEqual({ cpuMs: 20 });
  });

  it('tells one that waits for something to happen from one that waits for a processor or the disk', () => {
    const lives = ['S', 'R', 'D'].map((state) => parseLife(`42 (node) ${state} 1 42 42 0 -1 0 0 0 0 0 2 0 0 0`).isAsleep);
    expect(lives).toEqual([true, undefined, undefined]);
    expect(parseWait('123456789 2600000 42\n')).toEqual({ waitMs: 3 });
  });
});
