/** One function as a manifest or the command line describes it. Absent members are left to EasyFaaS, or as they are. */
export interface FunctionSpec {
  name: string;
  /** File, folder or zip, absolute. */
  codePath: string;
  runtime?: string;
  handler?: string;
  description?: string;
  memoryMb?: number;
  /** Of /tmp. */
  storageMb?: number;
  timeoutSeconds?: number;
  concurrency?: number;
  reservedConcurrency?: number;
  network?: string;
  /** Of synchronous calls, for replays. */
  keepPayloads?: boolean;
  environment?: Record<string, string>;
  tags?: Record<string, string>;
  layers?: string[];
}

/** Members of the API's configuration that a spec can set, under their names there. */
export interface Configuration {
  Runtime?: string;
  Handler?: string;
  Description?: string;
  MemorySize?: number;
  EphemeralStorage?: { Size: number };
  Timeout?: number;
  PodConcurrentQuota?: number;
  NetworkMode?: string;
  KeepPayloads?: boolean;
  Environment?: { Variables: Record<string, string> };
  Tags?: Record<string, string>;
  Layers?: string[];
  ReservedConcurrentExecutions?: number;
}

export function configurationOf(spec: FunctionSpec): Configuration {
  const {
    runtime,
    handler,
    description,
    memoryMb,
    storageMb,
    timeoutSeconds,
    concurrency,
    reservedConcurrency,
    network,
    keepPayloads,
    environment,
    tags,
    layers,
  } = spec;
  return {
    ...(runtime === undefined ? {} : { Runtime: runtime }),
    ...(handler === undefined ? {} : { Handler: handler }),
    ...(description === undefined ? {} : { Description: description }),
    ...(memoryMb === undefined ? {} : { MemorySize: memoryMb }),
    ...(storageMb === undefined ? {} : { EphemeralStorage: { Size: storageMb } }),
    ...(timeoutSeconds === undefined ? {} : { Timeout: timeoutSeconds }),
    ...(concurrency === undefined ? {} : { PodConcurrentQuota: concurrency }),
    ...(network === undefined ? {} : { NetworkMode: network }),
    ...(keepPayloads === undefined ? {} : { KeepPayloads: keepPayloads }),
    ...(environment === undefined ? {} : { Environment: { Variables: environment } }),
    ...(tags === undefined ? {} : { Tags: tags }),
    ...(layers === undefined ? {} : { Layers: layers }),
    ...(reservedConcurrency === undefined ? {} : { ReservedConcurrentExecutions: reservedConcurrency }),
  };
}
