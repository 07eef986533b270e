/**
 * The funclet's HTTP API, version 1, on a unix socket inside the pod. Every verb is idempotent by container id and
 * operation id, takes `?timeout=<ms>` and answers within it.
 *
 *     GET    /v1/node
 *     GET    /v1/containers                  {revision, containers}
 *     GET    /v1/containers?watch            NDJSON of WatchEvent: one snapshot, then changes, a heartbeat every 5 s
 *     GET    /v1/containers/{id}             ContainerView
 *     POST   /v1/containers                  InitRequest -> 201 ContainerView, when Docker has started it
 *     POST   /v1/containers/{id}/attached    the controller has both connections: creating -> cold
 *     POST   /v1/containers/{id}/warm-up     WarmUpRequest -> 200 WarmUpResponse, when memory and code are in place
 *     POST   /v1/containers/{id}/loaded      the runtime answered INIT_DONE: warming -> warm
 *     PATCH  /v1/containers/{id}             ResizeRequest -> 200 ContainerView
 *     POST   /v1/containers/{id}/pause       warm -> paused
 *     POST   /v1/containers/{id}/resume      paused -> warm
 *     POST   /v1/containers/{id}/reset       ResetRequest -> 200 ContainerView in state `gone`
 *     POST   /v1/code/{sha256}/prepare       PrepareCodeRequest -> 200 when code and layers are unpacked and verified in the cache
 *     GET    /healthz, /readyz, /metrics
 */

import type { NetworkMode } from './messages';

export const FUNCLET_API_BASE = '/v1';

export const CONTAINER_STATES = ['creating', 'cold', 'warming', 'warm', 'paused', 'resetting', 'gone'] as const;
export type ContainerState = (typeof CONTAINER_STATES)[number];

/** The function version that a container serves for the rest of its life. */
export interface ContainerAssignment {
  accountId: string;
  functionName: string;
  version: string;
  commitId: string;
}

export interface ContainerView {
  /** 12 hex characters, chosen by whoever asked for the container. */
  containerId: string;
  /** Of this container's last change; grows over all containers of a funclet's life. */
  revision: number;
  state: ContainerState;
  /** Why it came into this state, in words for an operator. */
  reason: string;
  runtime: string;
  network: NetworkMode;
  /** Limit in force, MB. */
  memoryMb: number;
  /** Memory class it was created in, MB. */
  classMb: number;
  /** Size of its /tmp, MB; absent for the default. */
  tmpMb?: number;
  assignment?: ContainerAssignment;
  /** Directory in which the controller listens: `<dataDir>/containers/<id>/sock`. */
  socketDirectory: string;
  /** What the runner and the runtime must present in HELLO. */
  token: string;
  /** Docker's id; absent until Docker has answered the create. */
  dockerId?: string;
  /** Milliseconds since the epoch, for display only. */
  createdAtMs: number;
  stateSinceMs: number;
  /** Only in `resetting` and `gone`: how its processes ended. */
  exit?: ContainerExit;
  /** Transitions, oldest first, at most 32. */
  history: ContainerTransition[];
}

export interface ContainerExit {
  exitCode: number | null;
  oomKilled: boolean;
}

export interface ContainerTransition {
  from: ContainerState | null;
  to: ContainerState;
  reason: string;
  atMs: number;
}

export interface ContainerList {
  revision: number;
  containers: ContainerView[];
}

export type WatchEvent =
  | ({ type: 'snapshot' } & ContainerList)
  | { type: 'change'; revision: number; container: ContainerView }
  | { type: 'heartbeat'; revision: number };

export interface InitRequest {
  operationId: string;
  containerId: string;
  runtime: string;
  memoryMb: number;
  network: NetworkMode;
  /** Size of /tmp, MB; absent for the default. It cannot be changed later. */
  tmpMb?: number;
  reason: string;
}

export interface WarmUpRequest {
  operationId: string;
  assignment: ContainerAssignment;
  memoryMb: number;
  /** Hex SHA-256 of the zip in the package store. */
  codeSha256: string;
  /** Hex SHA-256 of the zips of its layers, in the order in which they are laid over each other; at most {@link LIMITS.layersPerFunction}. */
  layerSha256s?: string[];
  reason: string;
}

/** Body of a preparation of code, which is what a warm-up will ask for. */
export interface PrepareCodeRequest {
  /** Whose code it is. Unpacked code is shared within an account only. */
  accountId: string;
  layerSha256s?: string[];
}

export interface WarmUpResponse {
  container: ContainerView;
  /** Milliseconds per step, for Server-Timing and the record. */
  timings: { reserveMs: number; memoryMs: number; codeMs: number; mountMs: number };
}

export interface ResizeRequest {
  operationId: string;
  memoryMb: number;
  /** The commit that a warm container serves from now on: one that differs from its own only in memory. */
  commitId?: string;
}

export interface ResetRequest {
  operationId: string;
  reason: string;
}

/** Body of `attached`, `loaded`, `pause` and `resume`. */
export interface TransitionRequest {
  operationId: string;
  reason: string;
}

export interface NodeView {
  instanceId: string;
  version: string;
  cgroupVersion: 1 | 2;
  cgroupDriver: string;
  /** How code gets into a running container. */
  mountMode: 'bind' | 'hardlink';
  /** How memory limits are changed. */
  memoryMode: 'cgroup' | 'docker';
  budget: {
    memoryMb: number;
    /** Where functions have quotas these are never more together. */
    cpus: number;
    /** Counted to each container besides its limit. */
    overheadMb?: number;
  };
  /** Processors only where functions have quotas of them. */
  reserved: { memoryMb: number; cpus?: number };
  engine: { version: string; apiVersion: string; runcVersion: string };
  runtimes: { name: string; image: string; present: boolean }[];
  /** The network of functions; `failed` with the cause when its rules cannot be put in force. */
  egress?: { state: 'off' | 'unused' | 'guarded' | 'failed'; problem?: string };
  warnings: string[];
}
