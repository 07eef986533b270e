import { describeTimings } from './timings';

describe('timings', () => {
  it('says what each stage is, with its reason', () => {
    expect(describeTimings('route;dur=0.12, warmup;dur=3.25;desc="first call", init;dur=1, invoke;dur=20.5, other;dur=1', 'cold')).toBe(
      [
        'Timing, cold start:',
        '       0.12 ms  request read and checked',
        '       3.25 ms  container made ready (first call)',
        '       1.00 ms  code loaded',
        '      20.50 ms  function ran',
      ].join('\n'),
    );
  });

  it('has nothing to say about an empty header', () => {
    expect(describeTimings('', '')).toBe('Timing:');
  });
});
