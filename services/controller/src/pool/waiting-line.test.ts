import { WaitingLine } from './waiting-line';

describe('the waiting line', () => {
  it('gives back what it was given, oldest first, through many turns of its ring', () => {
    const line = new WaitingLine<{ n: number }>(1000);
    let next = 0;
    let expected = 0;
    for (let round = 0; round < 200; round++) {
      for (let i = 0; i < (round % 7) + 1; i++) line.push({ n: next++ });
      for (let i = 0; i < (round % 5) + 1; i++) {
        const item = line.shift();
        if (item !== undefined) expect(item.n).toBe(expected++);
      }
    }
    expect(line.length).toBe(next - expected);
  });

  it('forgets one in the middle and keeps the order of the others', () => {
    const line = new WaitingLine<string>(10);
    for (const item of ['a', 'b', 'c', 'd']) line.push(item);
    expect(line.remove('b')).toBe(true);
    expect(line.remove('b')).toBe(false);
    expect(line.remove('a')).toBe(true);
    expect(line.length).toBe(2);
    expect(line.first()).toBe('c');
    expect([line.shift(), line.shift(), line.shift()]).toEqual(['c', 'd', undefined]);
  });

  it('is full at its limit, and empties itself for all who wait in vain', () => {
    const line = new WaitingLine<number>(2);
    line.push(1);
    expect(line.isFull).toBe(false);
    line.push(2);
    expect(line.isFull).toBe(true);
    expect(line.takeAll()).toEqual([1, 2]);
    expect(line.length).toBe(0);
    expect(line.first()).toBeUndefined();
  });

  it('grows past its first size without losing what was removed or added', () => {
    const line = new WaitingLine<number>(1000);
    for (let n = 1; n <= 100; n++) line.push(n);
    for (let n = 2; n <= 100; n += 2) line.remove(n);
    for (let n = 101; n <= 200; n++) line.push(n);
    const seen: number[] = [];
    line.forEach((n) => seen.push(n));
    expect(seen).toHaveLength(150);
    expect(line.takeAll()).toEqual(seen);
  });
});
