/** The bridge that containers with egress are attached to. */
export interface EgressBridge {
  networkId: string;
  /** Docker's name of it. */
  name: string;
  /** Network device on the host. */
  bridge: string;
  /** Such as 172.18.0.0/16. */
  subnet: string;
}

/** A container on the host's network that keeps the rules in force. */
export interface Guard {
  dockerId: string;
  isRunning: boolean;
  /** Of the rules and the image that it was made with. */
  fingerprint: string;
}

export interface GuardSpec {
  instanceId: string;
  imageId: string;
  /** Arguments of `egress-guard`. */
  command: readonly string[];
  fingerprint: string;
  labels: Readonly<Record<string, string>>;
}

/**
 * The part of the container engine that networks need. As ContainerEngine: every method settles by the time its signal
 * aborts, throws EngineError and nothing else, and finds things by label.
 */
export interface NetworkEngine {
  /** @returns undefined when there is none */
  findBridge(instanceId: string, signal: AbortSignal): Promise<EgressBridge | undefined>;

  /** Without traffic between containers and without address translation: the rules do that. */
  createBridge(instanceId: string, labels: Readonly<Record<string, string>>, signal: AbortSignal): Promise<EgressBridge>;

  /** MUST be a success when it is gone. @throws EngineError when a container is attached to it */
  removeBridge(networkId: string, signal: AbortSignal): Promise<void>;

  guards(instanceId: string, signal: AbortSignal): Promise<Guard[]>;

  /** Creates and starts. @returns the engine's id */
  startGuard(spec: GuardSpec, signal: AbortSignal): Promise<string>;

  /** What it has printed, both streams. */
  guardOutput(dockerId: string, signal: AbortSignal): Promise<string>;

  /** Kills and removes; the rules stay. MUST be a success when it is gone. */
  removeGuard(dockerId: string, signal: AbortSignal): Promise<void>;

  /** Calls back when a guard has ended, until the signal aborts. Returns at once. */
  watchGuards(instanceId: string, onEnd: () => void, signal: AbortSignal): void;
}
