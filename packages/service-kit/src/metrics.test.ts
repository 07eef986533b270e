import { PlainHistogram, Registry } from './metrics';

describe('the plain histogram', () => {
  it('is printed as Prometheus expects a histogram', async () => {
    const registry = new Registry();
    const histogram = new PlainHistogram({ name: 'seconds', help: 'Time.', buckets: [0.1, 1], registry });
    for (const value of [0.05, 0.1, 0.5, 3]) histogram.observe(value);
    expect(await registry.metrics()).toBe(
      [
        '# HELP seconds Time.',
        '# TYPE seconds histogram',
        'seconds_bucket{le="0.1"} 2',
        'seconds_bucket{le="1"} 3',
        'seconds_bucket{le="+Inf"} 4',
        'seconds_sum 3.65',
        'seconds_count 4',
        '',
      ].join('\n'),
    );
  });
});
