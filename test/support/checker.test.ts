import { check } from './checker';

const nothing = { attempted: [], accepted: [], executed: [], ended: [], succeeded: [] };
const good = { lost: [], unexpected: [], duplicated: {}, silent: [], recovered: [] };

describe('the checker of fault runs', () => {
  it('finds nothing wrong with a run in which everything went well', () => {
    const ids = ['a', 'b'];
    expect(check({ attempted: ids, accepted: ids, executed: ['b', 'a'], ended: ids, succeeded: ids })).toEqual(good);
  });

  it('calls lost what was accepted and never ended', () => {
    expect(check({ ...nothing, attempted: ['a', 'b'], accepted: ['a', 'b'], ended: ['b'] })).toEqual({ ...good, lost: ['a'] });
  });

  it('calls unexpected what ran without having been sent', () => {
    expect(check({ ...nothing, executed: ['ghost'] })).toEqual({ ...good, unexpected: ['ghost'] });
  });

  it('counts executions beyond the first', () => {
    const ids = ['a', 'b'];
    const facts = { attempted: ids, accepted: ids, executed: ['a', 'b', 'a', 'a'], ended: ids, succeeded: ids };
    expect(check(facts)).toEqual({ ...good, duplicated: { a: 2 } });
  });

  it('calls silent what was said to have succeeded and never ran', () => {
    expect(check({ ...nothing, attempted: ['a'], accepted: ['a'], ended: ['a'], succeeded: ['a'] })).toEqual({ ...good, silent: ['a'] });
  });

  it('tells what ran although its client heard of a failure', () => {
    expect(check({ ...nothing, attempted: ['a'], accepted: ['a'], ended: ['a'], executed: ['a'] })).toEqual({ ...good, recovered: ['a'] });
  });
});
