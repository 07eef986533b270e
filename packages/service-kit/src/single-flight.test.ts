import { SingleFlight } from './single-flight';

describe('SingleFlight', () => {
  it('runs work once for callers of the same key and again after it ended', async () => {
    const flight = new SingleFlight<number>();
    let runs = 0;
    const work = async (): Promise<number> => ++runs;
    await expect(Promise.all([flight.run('a', work), flight.run('a', work), flight.run('b', work)])).resolves.toEqual([1, 1, 2]);
    await expect(flight.run('a', work)).resolves.toBe(3);
  });

  it('gives a failure to every caller and forgets it', async () => {
    const flight = new SingleFlight<number>();
    const fail = (): Promise<number> => Promise.reject(new Error('no'));
    await expect(Promise.allSettled([flight.run('a', fail), flight.run('a', fail)])).resolves.toMatchObject([
      { status: 'rejected' },
      { status: 'rejected' },
    ]);
    expect(flight.has('a')).toBe(false);
  });
});
