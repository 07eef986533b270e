import {
  encodeFrame,
  FrameType,
  parseHeader,
  PROTOCOL_VERSION,
  type Frame,
  type HelloHeader,
  type PongHeader,
  type RuntimeManifest,
  type StatsHeader,
} from '@easyfaas/contracts/wire';
import { Attachment } from './attachment';
import type { CgroupReader } from './cgroup';
import { OomKills } from './oom-kills';
import { processLife, processUsage } from './process-usage';
import { RawOutput } from './raw-output';
import { decide, INITIAL_STATE, type RunnerEvent, type RunnerState, type RunnerStep } from './runner-machine';
import { runtimeEnvironment } from './runtime-environment';
import { RuntimeProcess } from './runtime-process';

/** The last EXIT is given this long to leave before the runner ends. */
const GOODBYE_MS = 50;

export interface RunnerOptions {
  manifest: RuntimeManifest;
  socketPath: string;
  token: string;
  containerEnv: NodeJS.ProcessEnv;
  cgroup: CgroupReader;
  /** Runtime process that the launcher has started. */
  startedPid?: number | undefined;
  /** Ends the runner's own process. */
  endRunner: () => void;
}

/** Supervises one runtime process for the controller. The only place that acts on what {@link decide} says. */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #attachment: Attachment;
  readonly #output: RawOutput;
  #state: RunnerState = INITIAL_STATE;
  #runtime: RuntimeProcess | undefined;
  readonly #oomKills: OomKills;
  #startedPid: number | undefined;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#startedPid = options.startedPid;
    this.#oomKills = new OomKills(
      () => options.cgroup.oomKills(),
      () => performance.now(),
    );
    this.#attachment = new Attachment({
      socketPath: options.socketPath,
      role: 'runner',
      accepts: [FrameType.KILL, FrameType.RESTART, FrameType.PING, FrameType.STATS],
      onAttached: () => this.#onAttached(),
      onFrame: (frame) => this.#onFrame(frame),
    });
    this.#output = new RawOutput(this.#attachment, () => performance.now());
  }

  /** Starts the runtime process and dials the controller, at the same time. */
  start(): void {
    this.#on({ type: 'start' });
    this.#attachment.start();
  }

  /** Kills everything, tells the controller, ends the runner. */
  stop(): void {
    this.#on({ type: 'stop' });
  }

  #on(event: RunnerEvent): void {
    const { state, steps } = decide(this.#state, event);
    this.#state = state;
    for (const step of steps) this.#take(step);
  }

  #take(step: RunnerStep): void {
    switch (step.do) {
      case 'start-runtime':
        return this.#startRuntime(step.env);
      case 'kill-all':
        return this.#runtime?.killAll();
      case 'send-exit':
        this.#output.report();
        this.#attachment.send(encodeFrame(FrameType.EXIT, 0, step.exit));
        return;
      case 'end-runner':
        setTimeout(this.#options.endRunner, GOODBYE_MS);
    }
  }

  #startRuntime(restartEnv: Record<string, string>): void {
    const { manifest, containerEnv } = this.#options;
    this.#oomKills.look();
    const startedPid = this.#startedPid;
    this.#startedPid = undefined;
    this.#runtime = new RuntimeProcess({
      manifest,
      startedPid,
      env: runtimeEnvironment(containerEnv, manifest, restartEnv),
      onOutput: (fd, chunk) => this.#output.push(fd, chunk),
      onEnded: ({ code, signal, isHeapExhausted }) =>
        this.#on({ type: 'ended', code, signal, oom: isHeapExhausted || this.#oomKills.hasJustKilled() }),
    });
  }

  #onAttached(): void {
    const { manifest, token } = this.#options;
    const hello: HelloHeader = {
      protocol: PROTOCOL_VERSION,
      role: 'runner',
      pid: process.pid,
      runtime: manifest.name,
      runtimeVersion: process.version,
      token,
    };
    this.#attachment.send(encodeFrame(FrameType.HELLO, 0, hello));
    this.#output.onAttached();
    this.#on({ type: 'attached' });
  }

  #onFrame(frame: Frame): void {
    if (frame.type === FrameType.KILL) this.#on({ type: 'kill' });
    else if (frame.type === FrameType.RESTART) this.#on({ type: 'restart', env: restartEnv(parseHeader(frame)) });
    else if (frame.type === FrameType.PING) this.#attachment.send(encodeFrame(FrameType.PONG, frame.stream, this.#pong()));
    else this.#attachment.send(encodeFrame(FrameType.STATS, frame.stream, this.#stats()));
  }

  #pong(): PongHeader {
    this.#oomKills.look();
    const pid = this.#runtime?.pid;
    return pid === undefined ? {} : processLife(pid);
  }

  #stats(): StatsHeader {
    const pid = this.#runtime?.pid;
    return { ...(pid === undefined ? { rssKb: 0, cpuMs: 0 } : processUsage(pid)), ...this.#options.cgroup.memory(), ...this.#pong() };
  }
}

function restartEnv(header: Record<string, unknown>): Record<string, string> {
  const entries = Object.entries(header['env'] ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return Object.fromEntries(entries);
}
