import { FakeClock } from '@easyfaas/service-kit';
import { DeadlineSweep, type Timed } from './deadline-sweep';

class Item implements Timed {
  deadlineMs: number;
  ended = 0;
  constructor(deadlineMs: number) {
    this.deadlineMs = deadlineMs;
  }
  onDeadline(): void {
    this.ended++;
    this.deadlineMs = Infinity;
  }
}

describe('the sweep', () => {
  it('ends what is due, soon after it is, once', () => {
    const clock = new FakeClock(0);
    const items = [new Item(100), new Item(200)];
    const sweep = new DeadlineSweep({
      clock,
      visitAll: (visit) => items.forEach(visit),
      isBusy: () => items.some(({ ended }) => ended === 0),
    });
    sweep.wake();
    clock.advance(99);
    expect(items.map(({ ended }) => ended)).toEqual([0, 0]);
    clock.advance(16);
    expect(items.map(({ ended }) => ended)).toEqual([1, 0]);
    clock.advance(1000);
    expect(items.map(({ ended }) => ended)).toEqual([1, 1]);
  });

  it('sleeps while nothing is in flight and wakes when it is told', () => {
    const clock = new FakeClock(0);
    const items: Item[] = [];
    let looks = 0;
    const visitAll = (visit: (item: Timed) => void): void => {
      looks++;
      items.forEach(visit);
    };
    const sweep = new DeadlineSweep({ clock, visitAll, isBusy: () => items.length > 0 });
    sweep.wake();
    clock.advance(1000);
    expect(looks).toBe(1);
    items.push(new Item(1010));
    sweep.wake();
    clock.advance(20);
    expect(items[0]?.ended).toBe(1);
  });

  it('does not end what an earlier one has ended with itself', () => {
    const clock = new FakeClock(0);
    const second = new Item(10);
    const first: Timed = { deadlineMs: 10, onDeadline: () => (second.deadlineMs = Infinity) };
    const sweep = new DeadlineSweep({ clock, visitAll: (visit) => [first, second].forEach(visit), isBusy: () => false });
    sweep.wake();
    clock.advance(20);
    expect(second.ended).toBe(0);
  });
});
