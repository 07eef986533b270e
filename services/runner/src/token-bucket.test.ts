import { TokenBucket } from './token-bucket';

describe('TokenBucket', () => {
  it('gives its burst at once and no more', () => {
    const bucket = new TokenBucket(100, 10, 0);
    expect([bucket.take(60, 0), bucket.take(60, 0), bucket.take(1, 0)]).toEqual([60, 40, 0]);
  });

  it('refills with time, up to its burst', () => {
    const bucket = new TokenBucket(100, 10, 0);
    bucket.take(100, 0);
    expect(bucket.take(100, 2000)).toBe(20);
    expect(bucket.take(1000, 3_600_000)).toBe(100);
  });

  it('loses no fraction of a byte', () => {
    const bucket = new TokenBucket(100, 10, 0);
    bucket.take(100, 0);
    let given = 0;
    for (let atMs = 1; atMs <= 1000; atMs++) given += bucket.take(5, atMs);
    expect(given).toBeGreaterThanOrEqual(9);
    expect(given).toBeLessThanOrEqual(10);
  });
});
