import type { Clock, Logger, Registry } from '@easyfaas/service-kit';
import type { ControllerConfig } from './config';
import type { RecordSink } from './invoke/record-sink';
import { LoggedRecords } from './records/logged-records';
import { createTraces } from './traces/create-traces';
import type { Traces } from './traces/traces';

export interface CallWritingDeps {
  records: RecordSink;
  clock: Clock;
  logger: Logger;
  registry: Registry;
  podId: string | undefined;
}

/** Where what is known of a call that has ended goes: records, the log, traces. */
export interface CallWriting {
  records: RecordSink;
  traces: Traces;
  stop: () => Promise<void>;
}

export function createCallWriting(
  { callLogOneOf: oneOf, traces: settings, version }: Pick<ControllerConfig, 'callLogOneOf' | 'traces' | 'version'>,
  { records, ...deps }: CallWritingDeps,
): CallWriting {
  return {
    records: oneOf === undefined ? records : new LoggedRecords({ ...deps, records, oneOf }),
    ...createTraces(settings, { ...deps, version }),
  };
}
