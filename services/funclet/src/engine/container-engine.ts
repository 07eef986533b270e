import type { ContainerExit } from '@easyfaas/contracts/wire';

/** Everything that may differ between two function containers. Whatever is not here is fixed by container-options.ts. */
export interface ContainerSpec {
  containerId: string;
  /** Of this deployment; part of the name and a label. */
  instanceId: string;
  runtime: string;
  /** Content-addressed id (`sha256:...`), never a tag. */
  imageId: string;
  memoryMb: number;
  /** Size of /tmp, MB; absent for the default. */
  tmpMb?: number;
  cpus: CpuLimits;
  /** Given to the runner in its environment; see CONTAINER_ENV. */
  token: string;
  /** Absolute paths on the engine's host. */
  paths: { task: string; layers: string; socket: string };
  /** `rslave` where code is mounted later; `rprivate` where it is linked into the directory. */
  codePropagation: 'rslave' | 'rprivate';
  labels: Readonly<Record<string, string>>;
  /** Absent for no network at all. */
  egress?: EgressAttachment;
}

export interface EgressAttachment {
  /** Name of the network, see egressNetworkName. */
  network: string;
  /** Name servers. */
  resolvers: readonly string[];
}

export interface CpuLimits {
  /** Weight against other containers, cgroup v1 scale (1024 is the default of a whole machine's service). */
  shares: number;
  /** Hard quota in processors; absent for none. */
  quota?: number;
}

export interface EngineContainer {
  dockerId: string;
  /** Of the image that it was made from. */
  imageId: string;
  labels: Readonly<Record<string, string>>;
  status: 'created' | 'running' | 'paused' | 'ended';
}

export interface EngineContainerDetails extends EngineContainer {
  memoryBytes: number;
  /** Only when it has ended. */
  exit?: ContainerExit;
}

export interface EngineFacts {
  version: string;
  apiVersion: string;
  runcVersion: string;
  kernelVersion: string;
  cgroupVersion: 1 | 2;
  cgroupDriver: string;
  hasSeccomp: boolean;
  hasAppArmor: boolean;
  /** Which limits it can enforce; where one is false Docker drops the limit with a mere warning. */
  canLimit: { memory: boolean; swap: boolean; pids: boolean };
  memoryBytes: number;
  cpus: number;
}

/** What happened to a container behind our back, or by our own doing. */
export interface EngineEvent {
  type: 'died' | 'removed';
  dockerId: string;
  containerId: string;
}

export interface EngineEventListener {
  onEvent(event: EngineEvent): void;
  /** The stream was opened, or opened again after a break: events may have been missed, list anew. */
  onOpen(): void;
}

/**
 * A container engine as the funclet needs it. No type of a library shows through. Every method
 *
 * - MUST settle by the time its signal aborts, also when the engine has died
 * - MUST throw EngineError, and nothing else, on failure
 * - MUST find containers by label, never by name
 */
export interface ContainerEngine {
  facts(signal: AbortSignal): Promise<EngineFacts>;

  /** @returns the content-addressed id of a local image, undefined when there is none; MUST NOT pull */
  imageId(reference: string, signal: AbortSignal): Promise<string | undefined>;

  /**
   * Creates without starting. MUST pass its options through `assertPolicy` last, and MUST remove the container again and
   * fail when the engine warns that it dropped a setting.
   * @returns the engine's id
   */
  create(spec: ContainerSpec, signal: AbortSignal): Promise<string>;

  /** MUST be a success when it runs already. */
  start(dockerId: string, signal: AbortSignal): Promise<void>;

  /** Brings the engine's record and the limits in force to these values: memory and swap together, and processor shares. */
  setLimits(dockerId: string, limits: { memoryMb: number; cpus: CpuLimits }, signal: AbortSignal): Promise<void>;

  /** Freezes all processes. MUST be a success when it is frozen already. */
  pause(dockerId: string, signal: AbortSignal): Promise<void>;

  /** MUST be a success when it is not frozen. */
  resume(dockerId: string, signal: AbortSignal): Promise<void>;

  /** Kills and removes with anonymous volumes, in any state. MUST be a success when it is gone or being removed. */
  remove(dockerId: string, signal: AbortSignal): Promise<void>;

  /** @returns undefined when it does not exist */
  inspect(dockerId: string, signal: AbortSignal): Promise<EngineContainerDetails | undefined>;

  /** All containers, ended ones too, that carry every one of these labels. */
  list(labels: Readonly<Record<string, string>>, signal: AbortSignal): Promise<EngineContainer[]>;

  /**
   * Reports events of containers with these labels until the signal aborts. MUST reconnect by itself, and MUST call
   * `onOpen` after each connect. Returns at once.
   */
  watch(labels: Readonly<Record<string, string>>, listener: EngineEventListener, signal: AbortSignal): void;
}
