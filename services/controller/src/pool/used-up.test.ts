import { UsedUp } from './used-up';

const f = { accountId: 'a', functionName: 'f' };

describe('containers used up', () => {
  it('add up, count half after ten seconds, and are forgotten', () => {
    const usedUp = new UsedUp();
    usedUp.note(f, 0);
    usedUp.note(f, 0);
    expect(usedUp.counts(0)).toEqual([{ ...f, containers: 2 }]);
    expect(usedUp.counts(10_000)).toEqual([{ ...f, containers: 1 }]);
    usedUp.note(f, 10_000);
    expect(usedUp.counts(10_000)).toEqual([{ ...f, containers: 2 }]);
    expect(usedUp.counts(200_000)).toEqual([]);
  });
});
