import { parseServerTiming, shares, stagesOf } from './stages';

describe('the stages of a call', () => {
  it('are read from Server-Timing', () => {
    expect(
      parseServerTiming('route;dur=0.071, wait;dur=0.000, warmup;dur=48.2;desc="pool empty, again", init;dur=5, invoke;dur=1.5'),
    ).toEqual([
      { name: 'route', ms: 0.071 },
      { name: 'wait', ms: 0 },
      { name: 'warmup', ms: 48.2, reason: 'pool empty, again' },
      { name: 'init', ms: 5 },
      { name: 'invoke', ms: 1.5 },
    ]);
    expect(parseServerTiming(null)).toEqual([]);
    expect(parseServerTiming('nonsense;;dur, x')).toEqual([]);
  });

  it('are read from a record, with what is left', () => {
    expect(stagesOf({ totalMs: 10, waitMs: 1, invokeMs: 7 })).toEqual([
      { name: 'wait', ms: 1 },
      { name: 'invoke', ms: 7 },
      { name: 'rest', ms: 2 },
    ]);
    expect(stagesOf({ totalMs: 5, invokeMs: 6 })).toEqual([{ name: 'invoke', ms: 6 }]);
  });

  it('have shares of the whole', () => {
    expect(
      shares([
        { name: 'a', ms: 1 },
        { name: 'b', ms: 3 },
      ]),
    ).toEqual([25, 75]);
    expect(shares([{ name: 'a', ms: 0 }])).toEqual([0]);
  });
});
