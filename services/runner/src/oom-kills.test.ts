import { OomKills } from './oom-kills';

describe('the count of out-of-memory kills', () => {
  it('blames a kill for an end that follows at once, also when it was noted in between, and for none that comes later', () => {
    let count = 3;
    let nowMs = 0;
    const kills = new OomKills(() => count, () => nowMs); // prettier-ignore
    nowMs = 100;
    expect(kills.hasJustKilled()).toBe(false);
    count = 4;
    kills.look();
    nowMs += 100;
    expect(kills.hasJustKilled()).toBe(true);
    nowMs += 5000;
    expect(kills.hasJustKilled()).toBe(false);
    count = 5;
    expect(kills.hasJustKilled()).toBe(true);
  });
});
