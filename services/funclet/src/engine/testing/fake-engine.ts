import { EngineError } from '../engine-error';
import type {
  ContainerEngine,
  ContainerSpec,
  CpuLimits,
  EgressAttachment,
  EngineContainer,
  EngineContainerDetails,
  EngineEvent,
  EngineEventListener,
  EngineFacts,
} from '../container-engine';
import { LABELS } from '../labels';

type Method = keyof ContainerEngine;

interface FakeContainer {
  dockerId: string;
  imageId: string;
  labels: Record<string, string>;
  status: EngineContainer['status'];
  memoryMb: number;
  exitCode: number;
  oomKilled: boolean;
  egress: EgressAttachment | undefined;
}

export const FAKE_FACTS: EngineFacts = {
  version: '29.6.0',
  apiVersion: '1.41',
  runcVersion: '1.3.4',
  kernelVersion: '6.1.0',
  cgroupVersion: 1,
  cgroupDriver: 'cgroupfs',
  hasSeccomp: true,
  hasAppArmor: false,
  canLimit: { memory: true, swap: true, pids: true },
  memoryBytes: 8 * 1024 ** 3,
  cpus: 2,
};

/** A container engine in memory. It passes the same contract suite as the real one, and fails when told to. */
export class FakeEngine implements ContainerEngine {
  readonly images = new Map<string, string>();
  /** Calls made, such as `create 0123456789ab`, in order. */
  readonly calls: string[] = [];
  readonly #containers = new Map<string, FakeContainer>();
  readonly #failures = new Map<Method, EngineError[]>();
  readonly #held = new Map<Method, Promise<void>>();
  readonly #watches = new Set<{ labels: Readonly<Record<string, string>>; listener: EngineEventListener }>();
  #made = 0;

  /** The next call of a method fails. */
  failNext(method: Method, error: EngineError): void {
    this.#failures.set(method, [...(this.#failures.get(method) ?? []), error]);
  }

  /** Calls of a method wait until the returned function is called. */
  hold(method: Method): () => void {
    let release: () => void = () => undefined;
    this.#held.set(
      method,
      new Promise((resolve) => {
        release = resolve;
      }),
    );
    return () => {
      this.#held.delete(method);
      release();
    };
  }

  /** As if the container's first process had ended by itself. */
  end(dockerId: string, { exitCode, oomKilled }: { exitCode: number; oomKilled: boolean }): void {
    Object.assign(this.#get(dockerId), { status: 'ended', exitCode, oomKilled });
    this.#tell('died', dockerId);
  }

  /** As if somebody had removed it by hand. @param isTold false: the event is lost */
  vanish(dockerId: string, { isTold }: { isTold: boolean }): void {
    if (isTold) this.#tell('removed', dockerId);
    this.#containers.delete(dockerId);
  }

  egressOf(dockerId: string): EgressAttachment | undefined {
    return this.#get(dockerId).egress;
  }

  memoryMbOf(dockerId: string): number {
    return this.#get(dockerId).memoryMb;
  }

  async facts(signal: AbortSignal): Promise<EngineFacts> {
    await this.#enter('facts', '', signal);
    return FAKE_FACTS;
  }

  async imageId(reference: string, signal: AbortSignal): Promise<string | undefined> {
    await this.#enter('imageId', reference, signal);
    return this.images.get(reference);
  }

  async create(spec: ContainerSpec, signal: AbortSignal): Promise<string> {
    await this.#enter('create', spec.containerId, signal);
    if (![...this.images.values()].includes(spec.imageId)) throw new EngineError('notFound', `no image ${spec.imageId}`);
    const taken = [...this.#containers.values()].some(({ labels }) => labels[LABELS.container] === spec.containerId);
    if (taken) throw new EngineError('conflict', `the name of ${spec.containerId} is in use`);
    this.#made += 1;
    const dockerId = this.#made.toString(16).padStart(64, '0');
    const labels = {
      ...spec.labels,
      [LABELS.instance]: spec.instanceId,
      [LABELS.container]: spec.containerId,
      [LABELS.runtime]: spec.runtime,
    };
    const { imageId, memoryMb, egress } = spec;
    this.#containers.set(dockerId, { dockerId, imageId, labels, status: 'created', memoryMb, exitCode: 0, oomKilled: false, egress });
    return dockerId;
  }

  async start(dockerId: string, signal: AbortSignal): Promise<void> {
    await this.#enter('start', dockerId, signal);
    this.#get(dockerId).status = 'running';
  }

  async setLimits(dockerId: string, { memoryMb }: { memoryMb: number; cpus: CpuLimits }, signal: AbortSignal): Promise<void> {
    await this.#enter('setLimits', `${dockerId} ${memoryMb}`, signal);
    this.#get(dockerId).memoryMb = memoryMb;
  }

  async pause(dockerId: string, signal: AbortSignal): Promise<void> {
    await this.#enter('pause', dockerId, signal);
    const container = this.#get(dockerId);
    if (container.status !== 'running' && container.status !== 'paused') throw new EngineError('conflict', 'not running');
    container.status = 'paused';
  }

  async resume(dockerId: string, signal: AbortSignal): Promise<void> {
    await this.#enter('resume', dockerId, signal);
    const container = this.#get(dockerId);
    if (container.status === 'paused') container.status = 'running';
  }

  async remove(dockerId: string, signal: AbortSignal): Promise<void> {
    await this.#enter('remove', dockerId, signal);
    if (!this.#containers.has(dockerId)) return;
    this.#tell('died', dockerId);
    this.#tell('removed', dockerId);
    this.#containers.delete(dockerId);
  }

  async inspect(dockerId: string, signal: AbortSignal): Promise<EngineContainerDetails | undefined> {
    await this.#enter('inspect', dockerId, signal);
    const container = this.#containers.get(dockerId);
    if (container === undefined) return undefined;
    const { imageId, labels, status, memoryMb, exitCode, oomKilled } = container;
    const exit = status === 'ended' ? { exit: { exitCode, oomKilled } } : {};
    return { dockerId, imageId, labels, status, memoryBytes: memoryMb * 1024 * 1024, ...exit };
  }

  async list(labels: Readonly<Record<string, string>>, signal: AbortSignal): Promise<EngineContainer[]> {
    await this.#enter('list', '', signal);
    return [...this.#containers.values()]
      .filter((container) => carries(container.labels, labels))
      .map(({ dockerId, imageId, labels: own, status }) => {
        return { dockerId, imageId, labels: own, status };
      });
  }

  watch(labels: Readonly<Record<string, string>>, listener: EngineEventListener, signal: AbortSignal): void {
    const watch = { labels, listener };
    this.#watches.add(watch);
    signal.addEventListener('abort', () => this.#watches.delete(watch), { once: true });
    queueMicrotask(() => listener.onOpen());
  }

  async #enter(method: Method, what: string, signal: AbortSignal): Promise<void> {
    this.calls.push(`${method} ${what}`.trim());
    const failure = this.#failures.get(method)?.shift();
    if (failure !== undefined) throw failure;
    await this.#held.get(method);
    if (signal.aborted) throw new EngineError('unavailable', `${method} was aborted`, { cause: signal.reason });
  }

  #get(dockerId: string): FakeContainer {
    const container = this.#containers.get(dockerId);
    if (container === undefined) throw new EngineError('notFound', `no container ${dockerId}`);
    return container;
  }

  #tell(type: EngineEvent['type'], dockerId: string): void {
    const { labels } = this.#get(dockerId);
    for (const watch of this.#watches) {
      if (carries(labels, watch.labels)) watch.listener.onEvent({ type, dockerId, containerId: labels[LABELS.container] ?? '' });
    }
  }
}

function carries(labels: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value);
}
