import type { Clock } from '@easyfaas/service-kit';
import { DemandEstimate } from './demand-estimate';
import { StartShares } from './start-shares';

const clockAt = (): Clock & { nowMs: number } => ({
  nowMs: 1000,
  wallMs: () => 0,
  monotonicMs() {
    return this.nowMs;
  },
  after: () => () => undefined,
});

describe('the demand estimate', () => {
  it('comes near a steady rate', () => {
    const clock = clockAt();
    const estimate = new DemandEstimate(clock);
    for (let index = 0; index < 600; index++) {
      clock.nowMs += 500;
      estimate.note('a');
    }
    expect(estimate.perSecond('a')).toBeGreaterThan(1.9);
    expect(estimate.perSecond('a')).toBeLessThan(2.2);
    expect(estimate.perSecond('b')).toBe(0);
  });

  it('sees a burst at once and forgets it', () => {
    const clock = clockAt();
    const estimate = new DemandEstimate(clock);
    for (let index = 0; index < 50; index++) estimate.note('a');
    expect(estimate.perSecond('a')).toBeCloseTo(5);
    clock.nowMs += 60_000;
    expect(estimate.perSecond('a')).toBeLessThan(0.5);
    clock.nowMs += 600_000;
    expect(estimate.perSecond('a')).toBeLessThan(0.001);
  });
});

describe('the share of cold starts', () => {
  it('is of the last hour, minute by minute', () => {
    const clock = clockAt();
    const shares = new StartShares(clock);
    shares.add('a', 10, 5);
    clock.nowMs += 30 * 60_000;
    shares.add('a', 90, 5);
    expect(shares.lastHour('a')).toEqual({ calls: 100, coldStarts: 10, share: 0.1 });
    clock.nowMs += 31 * 60_000;
    expect(shares.lastHour('a')).toEqual({ calls: 90, coldStarts: 5, share: 0.0556 });
    clock.nowMs += 60 * 60_000;
    expect(shares.lastHour('a')).toEqual({ calls: 0, coldStarts: 0, share: 0 });
  });
});
