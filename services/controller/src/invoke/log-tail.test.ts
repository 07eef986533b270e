import { LIMITS } from '@easyfaas/contracts/wire';
import { LogTail, lastBytes } from './log-tail';

describe('the log of a call', () => {
  it('keeps the last bytes', () => {
    const tail = new LogTail(10);
    for (let n = 0; n < 200; n++) tail.add(Buffer.from(`line ${n}\n`), 0);
    expect(tail.text()).toMatch(/line 199\n$/);
    expect(tail.text().length).toBeLessThan(10 + 'line 199\n'.length);
  });

  it('copies what it keeps: frames are views of a buffer that is used again', () => {
    const tail = new LogTail();
    const bytes = Buffer.from('hello\n');
    tail.add(bytes, 0);
    bytes.fill(0);
    expect(tail.text()).toBe('hello\n');
  });

  it('counts and cuts what is over the allowance of a call', () => {
    const tail = new LogTail(100);
    const megabyte = Buffer.alloc(LIMITS.logBytesPerCall, 'x');
    tail.add(megabyte, 0);
    tail.add(Buffer.from('too much'), 5);
    expect(tail.text()).toContain('"truncatedBytes":13');
  });

  it('ends an unfinished line', () => {
    const tail = new LogTail();
    tail.add(Buffer.from('no newline'), 0);
    expect(tail.text()).toBe('no newline\n');
  });
});

describe('the last bytes of a text', () => {
  it('never begin inside a character', () => {
    expect(lastBytes('ééé', 3).toString()).toBe('é');
    expect(lastBytes('abc', 10).toString()).toBe('abc');
  });
});
