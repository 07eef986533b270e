import { CONTAINER_STATES, type ContainerView } from '@easyfaas/contracts/wire';
import { Counter, Gauge, Histogram, type Registry as Metrics } from '@easyfaas/service-kit';
import type { Ledger } from '../capacity/ledger';
import type { ContainerRegistry } from './container-registry';

/** Seconds from a millisecond, for cached warm-ups, to a minute. */
const BUCKETS = [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Figures about containers, driven by the registry's changes alone. @param engine age of its oldest call, ms */
export function measureContainers(
  metrics: Metrics,
  registry: ContainerRegistry,
  ledger: Ledger,
  engine?: { readonly oldestCallMs: number },
): void {
  const transitions = new Counter({
    name: 'easyfaas_container_transitions_total',
    help: 'Changes of state of containers.',
    labelNames: ['from', 'to', 'runtime'],
    registers: [metrics],
  });
  const durations = new Histogram({
    name: 'easyfaas_container_state_seconds',
    help: 'Time a container spent in a state, when it left it.',
    labelNames: ['state', 'runtime'],
    buckets: BUCKETS,
    registers: [metrics],
  });
  new Gauge({
    name: 'easyfaas_containers',
    help: 'Containers by state.',
    labelNames: ['state'],
    registers: [metrics],
    collect() {
      const views = registry.views();
      for (const state of CONTAINER_STATES) this.set({ state }, views.filter((view) => view.state === state).length);
    },
  });
  new Gauge({
    name: 'easyfaas_memory_reserved_megabytes',
    help: 'Memory reserved for containers, overhead included.',
    registers: [metrics],
    collect() {
      this.set(ledger.reservedMb);
    },
  });
  if (engine !== undefined)
    new Gauge({
      name: 'easyfaas_engine_oldest_call_seconds',
      help: 'Age of the oldest call to Docker that has not ended.',
      registers: [metrics],
      collect() {
        this.set(engine.oldestCallMs / 1000);
      },
    });
  registry.listen({
    onChange(view: ContainerView, previous) {
      if (previous !== undefined && previous.state === view.state) return;
      const { runtime } = view;
      transitions.inc({ from: previous?.state ?? 'none', to: view.state, runtime });
      if (previous !== undefined) durations.observe({ state: previous.state, runtime }, (view.stateSinceMs - previous.stateSinceMs) / 1000);
    },
  });
}
