import { FakeClock } from './clock';

describe('FakeClock', () => {
  it('runs timers in the order of their time, also ones started by timers', () => {
    const clock = new FakeClock(0);
    const ran: string[] = [];
    clock.after(20, () => ran.push(`b@${clock.monotonicMs()}`));
    clock.after(10, () => {
      ran.push(`a@${clock.monotonicMs()}`);
      clock.after(5, () => ran.push(`c@${clock.monotonicMs()}`));
    });
    clock.after(15, () => ran.push('never'))();
    clock.advance(30);
    expect(ran).toEqual(['a@10', 'c@15', 'b@20']);
  });
});
