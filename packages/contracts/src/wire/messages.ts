/** Headers of the frames in {@link FrameType}. A receiver ignores members it does not know. */

export type AttachRole = 'runner' | 'runtime';

/** Path of the attach request on a container's socket; the query is `role` and `protocol`. */
export const ATTACH_PATH = '/v1/attach';
/** Value of the `Upgrade` header of the attach request. */
export const ATTACH_UPGRADE = 'easyfaas/1';

/** Where things are inside a container. Fixed: images, bootstraps and the funclet's mounts all rely on them. */
export const CONTAINER_PATHS = {
  socketDirectory: '/run/easyfaas',
  socket: '/run/easyfaas/controller.sock',
  task: '/var/task',
  layers: '/opt/layers',
  easyfaas: '/opt/easyfaas',
  runner: '/opt/easyfaas/runner.js',
  runtimeManifest: '/opt/easyfaas/runtime.json',
} as const;

/** Environment variables that the runner and the bootstraps read at their start. */
export const CONTAINER_ENV = {
  token: 'EASYFAAS_TOKEN',
  /** Path of the controller's socket; set only where it differs from {@link CONTAINER_PATHS} (tests outside Docker). */
  socket: 'EASYFAAS_SOCKET',
} as const;

export interface HelloHeader {
  protocol: number;
  role: AttachRole;
  pid: number;
  /** Name of the runtime folder, such as `nodejs20`. */
  runtime: string;
  /** Version of the language itself, such as `v20.20.2`. */
  runtimeVersion: string;
  /** The container's token, from its environment. */
  token: string;
  /** Runtime only: user code is loaded (true after a reconnect of a warm container). */
  initialized?: boolean;
  /** Runtime only: calls whose handler has not settled (after a reconnect). */
  inFlight?: number;
}

/** Controller -> runtime: limits of the loaded function that have changed. Sent only to runtimes whose manifest says `liveMemory`. */
export interface UpdateHeader {
  /** In force already. */
  memoryMb: number;
  /** Variables that say so. */
  env: Record<string, string>;
}

export interface InitHeader {
  functionName: string;
  functionVersion: string;
  functionArn: string;
  /** `file.export` as the function's configuration has it. */
  handler: string;
  memoryMb: number;
  timeoutMs: number;
  /** Calls that may run at once in this container. */
  concurrency: number;
  /** User variables and the platform's own, complete. */
  env: Record<string, string>;
  taskRoot: string;
  /** Where the function's layers are, merged; absent when it has none. */
  layersRoot?: string;
  network: NetworkMode;
}

export interface InitDoneHeader {
  /** Milliseconds from INIT received to handler loaded. */
  initMs: number;
}

/** INIT_ERROR and ERROR carry the language's own error object as JSON in the body. */
export interface ErrorHeader {
  errorType: string;
  /** ERROR only: repeats the call's nonce. */
  nonce?: string;
  /** ERROR and RESULT: see {@link ResultHeader}. */
  cpuMs?: number;
  maxRssKb?: number;
}

export interface InvokeHeader {
  requestId: string;
  /** The answer must repeat it; a wrong one resets the container. */
  nonce: string;
  /** Milliseconds left until the deadline when the frame was written. Never an absolute time: clocks differ. */
  remainingMs: number;
  contentType?: string;
  functionArn?: string;
  clientContext?: string;
  /** W3C Trace Context: the parent of what the function does. */
  traceparent?: string;
  tracestate?: string;
  /** The answer may come in pieces, of which so many bytes may be sent until WINDOW allows more. Without this it comes whole. */
  windowBytes?: number;
}

/** What a function says of its answer where that becomes an HTTP answer; as AWS Lambda's `HttpResponseStream` has it. Not checked. */
export interface HttpHead {
  statusCode?: number;
  headers?: Record<string, unknown>;
  cookies?: string[];
}

/** A piece of an answer: its bytes are the frame's body. */
export interface ChunkHeader {
  nonce: string;
  /** These two only with the first piece; `application/octet-stream` when absent. */
  contentType?: string;
  http?: HttpHead;
}

/** The last piece was sent. An answer in pieces that fails ends with ERROR instead. */
export type EndHeader = Pick<ResultHeader, 'nonce' | 'cpuMs' | 'maxRssKb'>;

/** Controller -> runtime: so many more bytes may be sent on this stream. */
export interface WindowHeader {
  bytes: number;
}

export interface ResultHeader {
  nonce: string;
  contentType?: string;
  http?: HttpHead;
  /** Processor time of the runtime process during the call, ms; shared time is counted to every call in flight. */
  cpuMs?: number;
  /** Peak resident memory of the runtime process, KiB. */
  maxRssKb?: number;
}

export interface LogHeader {
  fd: 1 | 2;
  /** Bytes dropped because the call wrote more than its allowance; only on the last LOG of a call. */
  truncatedBytes?: number;
}

export interface KillHeader {
  reason: string;
}

/** RESTART: kill the runtime and start it anew, before INIT only. */
export interface RestartHeader {
  /** Added to the process environment. */
  env?: Record<string, string>;
}

export interface StatsHeader extends PongHeader {
  rssKb: number;
  cpuMs: number;
  /** Current and highest memory use of the container's cgroup; absent where it cannot be read. */
  memoryBytes?: number;
  memoryPeakBytes?: number;
}

/** The runner's own answer to PING; a runtime answers `{}`. */
export interface PongHeader {
  /** The runtime process stands still by a signal (SIGSTOP and its kind), and not for want of work. */
  isStopped?: true;
  /** Processor time of the runtime process, and of its children that ended. */
  cpuMs?: number;
  /** The runtime process's main thread waits for something to happen (state `S` in proc(5)), and not for a processor or the disk. */
  isAsleep?: true;
  /** How long its main thread has waited for a processor, ever. */
  waitMs?: number;
}

/** Sent by the runner when the runtime process has ended, whatever ended it. */
export interface ExitHeader {
  code: number | null;
  signal: string | null;
  /** The kernel's out-of-memory killer ended a process of this container. */
  oom: boolean;
  /** The runner killed it on KILL or RESTART. */
  killed: boolean;
}

export type NetworkMode = 'none' | 'egress';
