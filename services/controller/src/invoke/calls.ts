import type { Clock, Logger, Registry } from '@easyfaas/service-kit';
import type { KeptPayloads } from '../records/kept-payloads';
import type { PoolContainer } from '../pool/container';
import type { FunctionPools } from '../pool/function-pools';
import { Admission } from './admission';
import { CallJournal } from './call-journal';
import { DeadlineSweep } from './deadline-sweep';
import { Dispatcher, type DispatcherDeps } from './dispatcher';
import { InvokeMetrics } from './invoke-metrics';
import { NonceSource } from './nonce-source';
import type { Traces } from '../traces/traces';
import { NO_OVERFLOW, type Overflow } from './overflow';
import type { RecordSink } from './record-sink';
import { SetAside } from './set-aside';

export interface CallsOptions extends Pick<
  DispatcherDeps,
  'waitMs' | 'streamBytes' | 'isPoolFull' | 'onWaiting' | 'onTimedOut' | 'onAbandoned' | 'onDrained' | 'lastFailure'
> {
  clock: Clock;
  logger: Logger;
  registry: Registry;
  records: RecordSink;
  traces: Traces;
  keptPayloads: Pick<KeptPayloads, 'add'>;
  pools: FunctionPools;
  /** All containers, whatever their phase. */
  containers: () => Iterable<PoolContainer>;
  containerMaxCalls: number;
  accountConcurrency: number;
  loadSetAside: (accountId: string) => Promise<number>;
  overflow?: Overflow | undefined;
  podId?: string | undefined;
}

/** What calls go through. */
export interface Calls {
  dispatcher: Dispatcher;
  sweep: DeadlineSweep;
  admission: Admission;
  setAside: SetAside;
  metrics: InvokeMetrics;
}

/** Wires the parts that admit calls, hand them to containers, end them in time and write them down. */
export function createCalls(options: CallsOptions): Calls {
  const { clock, logger, registry, records, traces, pools, containers, overflow = NO_OVERFLOW, podId } = options;
  const metrics = new InvokeMetrics(registry);
  const admission = new Admission(options.accountConcurrency);
  const sweep = new DeadlineSweep({
    clock,
    visitAll: (visit) => {
      for (const { line } of pools.values()) line.forEach(visit);
      for (const container of containers()) {
        visit(container);
        container.connection.runtime?.calls.forEach(visit);
      }
    },
    isBusy: () => admission.admitted > 0 || [...containers()].some(({ deadlineMs, inFlight }) => deadlineMs !== Infinity || inFlight > 0),
  });
  const dispatcher = new Dispatcher({
    clock,
    sweep,
    nonces: new NonceSource(),
    pools,
    admission,
    journal: new CallJournal({ records, traces, payloads: options.keptPayloads, metrics, clock, podId }),
    traces,
    overflow,
    waitMs: options.waitMs,
    streamBytes: options.streamBytes,
    maxCalls: options.containerMaxCalls,
    isPoolFull: options.isPoolFull,
    onWaiting: options.onWaiting,
    onTimedOut: options.onTimedOut,
    onAbandoned: options.onAbandoned,
    onDrained: options.onDrained,
    lastFailure: options.lastFailure,
  });
  return { dispatcher, sweep, admission, metrics, setAside: new SetAside({ clock, logger, load: options.loadSetAside }) };
}
