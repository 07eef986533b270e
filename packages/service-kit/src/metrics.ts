import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

export { Counter, Gauge, Histogram, Registry };

/** One registry per service, with the process's own figures. Metric names start with `easyfaas_`. */
export function createMetrics(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  return registry;
}

export interface PlainHistogramOptions {
  name: string;
  help: string;
  /** Upper bounds, ascending. */
  buckets: readonly number[];
  registry: Registry;
}

/**
 * A histogram without labels whose {@link observe} only adds to numbers: the library's own makes objects and strings on each
 * call, which is too much for something that happens on every request. Shown to the registry as the library shows its own.
 */
export class PlainHistogram {
  readonly #buckets: readonly number[];
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  constructor({ name, help, buckets, registry }: PlainHistogramOptions) {
    this.#buckets = buckets;
    this.#counts = buckets.map(() => 0);
    const metric = {
      name,
      help,
      type: 'histogram',
      aggregator: 'sum',
      get: () => ({ name, help, type: 'histogram', values: this.#values(name) }),
    };
    registry.registerMetric(metric as unknown as Histogram);
  }

  observe(value: number): void {
    this.#sum += value;
    this.#count++;
    const buckets = this.#buckets;
    for (let index = 0; index < buckets.length; index++) {
      if (value > (buckets[index] ?? Infinity)) continue;
      this.#counts[index] = (this.#counts[index] ?? 0) + 1;
      return;
    }
  }

  /** Prometheus counts cumulatively. */
  #values(name: string): { metricName: string; labels: Record<string, string | number>; value: number }[] {
    let below = 0;
    const buckets = this.#buckets.map((le, index) => {
      below += this.#counts[index] ?? 0;
      return { metricName: `${name}_bucket`, labels: { le }, value: below };
    });
    return [
      ...buckets,
      { metricName: `${name}_bucket`, labels: { le: '+Inf' }, value: this.#count },
      { metricName: `${name}_sum`, labels: {}, value: this.#sum },
      { metricName: `${name}_count`, labels: {}, value: this.#count },
    ];
  }
}
