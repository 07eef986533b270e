import { countersText, listensTo, nextRuns } from './trigger-facts';

describe('a trigger in a line', () => {
  it('says when it fires next', () => {
    expect(nextRuns({ Details: { NextRuns: ['2030-01-01T00:00:00Z', 5] } })).toEqual(['2030-01-01T00:00:00Z']);
    expect(nextRuns({ Details: {} })).toEqual([]);
  });

  it('says what it listens to', () => {
    expect(listensTo({ Configuration: { Schedule: 'rate(1 hour)', Overlap: 'skip' } })).toBe('rate(1 hour)');
    expect(listensTo({ Configuration: { Url: 'mqtt://broker', Topics: ['a/#', 'b'] } })).toBe('mqtt://broker a/#, b');
    expect(listensTo({ Configuration: {} })).toBe('');
  });

  it('counts in words', () => {
    const none = { Received: 0, Filtered: 0, Accepted: 0, Failed: 0, DeadLettered: 0, Skipped: 0 };
    expect(countersText({ Counters: none })).toBe('nothing yet');
    expect(countersText({ Counters: { ...none, Received: 3, DeadLettered: 1 } })).toBe('3 received, 1 dead lettered');
  });
});
