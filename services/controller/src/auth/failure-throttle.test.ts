import { FakeClock } from '@easyfaas/service-kit';
import { FailureThrottle } from './failure-throttle';

describe('the throttle of failures', () => {
  let clock: FakeClock;
  let throttle: FailureThrottle;

  beforeEach(() => {
    clock = new FakeClock();
    throttle = new FailureThrottle({ clock, limit: 3, windowMs: 60_000, capacity: 2 });
  });

  const fail = (source: string, times: number): void => {
    for (let time = 0; time < times; time += 1) throttle.recordFailure(source);
  };

  it('lets a source wait after its limit, until its window ends', () => {
    fail('a', 2);
    expect(throttle.waitMs('a')).toBe(0);
    clock.advance(10_000);
    fail('a', 1);
    expect(throttle.waitMs('a')).toBe(50_000);
    clock.advance(50_000);
    expect(throttle.waitMs('a')).toBe(0);
    fail('a', 1);
    expect(throttle.waitMs('a')).toBe(0);
  });

  it('does not let one source pay for another', () => {
    fail('a', 5);
    expect(throttle.waitMs('b')).toBe(0);
  });

  it('remembers so many sources and no more', () => {
    for (const source of ['a', 'b', 'c']) fail(source, 3);
    expect([throttle.waitMs('a'), throttle.waitMs('b'), throttle.waitMs('c')]).toEqual([0, 60_000, 60_000]);
  });
});
