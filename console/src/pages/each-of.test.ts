import { eachOf } from './each-of';

describe('something done with each', () => {
  it('is done so many at once, with results in order', async () => {
    let running = 0;
    let most = 0;
    const work = async (item: number): Promise<number> => {
      most = Math.max(most, ++running);
      for (let turn = 0; turn < 10 - item; turn++) await Promise.resolve();
      running--;
      return item * 2;
    };
    expect(await eachOf([1, 2, 3, 4, 5], 2, work)).toEqual([2, 4, 6, 8, 10]);
    expect(most).toBe(2);
  });

  it('ends with the first failure', async () => {
    const begun: number[] = [];
    const work = async (item: number): Promise<void> => {
      begun.push(item);
      await Promise.resolve();
      throw new Error(`no ${item}`);
    };
    await expect(eachOf([1, 2, 3, 4], 2, work)).rejects.toThrow('no 1');
    expect(begun).toEqual([1, 2]);
  });
});
