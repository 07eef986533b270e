import { type WarmUpFacts, warmUpsWanted } from './warm-ups-wanted';

const facts = (more: Partial<WarmUpFacts>): WarmUpFacts => ({
  waiting: 1,
  concurrency: 1,
  inProgress: 0,
  warmSlots: 0,
  meanCallMs: undefined,
  warmUpMs: 8,
  oldestWaitMs: 0,
  ...more,
});

describe('warm-ups wanted for a line', () => {
  it('are as many as the line needs, by the calls that one container takes', () => {
    expect(warmUpsWanted(facts({ waiting: 50 }))).toBe(50);
    expect(warmUpsWanted(facts({ waiting: 50, concurrency: 20 }))).toBe(3);
  });

  it('are fewer by those under way', () => {
    expect(warmUpsWanted(facts({ waiting: 5, inProgress: 3 }))).toBe(2);
    expect(warmUpsWanted(facts({ waiting: 2, inProgress: 3 }))).toBe(0);
  });

  it('are none while busy containers empty the line sooner than a new one could', () => {
    expect(warmUpsWanted(facts({ waiting: 12, warmSlots: 4, meanCallMs: 0.5 }))).toBe(0);
  });

  it('are started when calls take long', () => {
    expect(warmUpsWanted(facts({ waiting: 3, warmSlots: 1, meanCallMs: 100 }))).toBe(3);
  });

  it('are started when the oldest has waited longer than a warm-up takes, whatever was expected', () => {
    expect(warmUpsWanted(facts({ waiting: 1, warmSlots: 1, meanCallMs: 0.5, oldestWaitMs: 9 }))).toBe(1);
    expect(warmUpsWanted(facts({ waiting: 1, warmSlots: 1, oldestWaitMs: 1 }))).toBe(0);
  });

  it('are none for an empty line', () => {
    expect(warmUpsWanted(facts({ waiting: 0 }))).toBe(0);
  });
});
