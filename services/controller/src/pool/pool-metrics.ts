import { Gauge, type Registry } from '@easyfaas/service-kit';
import type { FunctionPools } from './function-pools';
import type { PoolView } from './pool-view';

/** Gauges of the pool, read when they are asked for. */
export function registerPoolMetrics(registry: Registry, { view, pools }: { view: PoolView; pools: FunctionPools }): void {
  new Gauge({
    name: 'easyfaas_pool_containers',
    help: 'Containers by runtime and phase.',
    labelNames: ['runtime', 'phase'],
    registers: [registry],
    collect() {
      this.reset();
      for (const container of view.values()) this.inc({ runtime: container.view.runtime, phase: container.phase });
    },
  });
  new Gauge({
    name: 'easyfaas_waiting_calls',
    help: 'Calls that wait for a container.',
    registers: [registry],
    collect() {
      let waiting = 0;
      for (const { line } of pools.values()) waiting += line.length;
      this.set(waiting);
    },
  });
  new Gauge({
    name: 'easyfaas_calls_in_flight',
    help: 'Calls that run in a container.',
    registers: [registry],
    collect() {
      let inFlight = 0;
      for (const container of view.values()) inFlight += container.inFlight;
      this.set(inFlight);
    },
  });
}
