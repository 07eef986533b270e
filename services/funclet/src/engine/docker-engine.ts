import Docker from 'dockerode';
import { ServiceError, withDeadline, type Clock, type Logger } from '@easyfaas/service-kit';
import { assertPolicy } from './assert-policy';
import type {
  ContainerEngine,
  ContainerSpec,
  CpuLimits,
  EngineContainer,
  EngineContainerDetails,
  EngineEventListener,
  EngineFacts,
} from './container-engine';
import { createOptions, updateOptions } from './container-options';
import { parseContainer, parseCreated, parseDetails, parseFacts, parseImageId, parseList, parseWarnings } from './docker-answers';
import { translateDockerError } from './docker-errors';
import { watchDockerEvents } from './docker-events';
import { EngineError } from './engine-error';

export interface DockerEngineOptions {
  socketPath: string;
  clock: Clock;
  logger: Logger;
  /** Longest wait for one answer, ms, also where the caller's signal would wait longer. */
  callTimeoutMs: number;
}

interface Call {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  query?: Record<string, string>;
  body?: object;
}

/** Part of a warning by which a harmless one is known. Every other warning means that a setting was dropped. */
const HARMLESS_WARNINGS: readonly RegExp[] = [/platform .* does not match/i];

/** Docker Engine over its socket. API 1.41 (Docker 20.10) and later. */
export class DockerEngine implements ContainerEngine {
  readonly #docker: Docker;
  readonly #options: DockerEngineOptions;
  #hasAppArmor = false;
  /** When the calls under way began, monotonic, ms; the oldest first. */
  readonly #underWay = new Map<symbol, number>();

  constructor(options: DockerEngineOptions) {
    this.#options = options;
    this.#docker = new Docker({ socketPath: options.socketPath, version: 'v1.41' });
  }

  /** Age of the oldest call that has not ended, ms; 0 when there is none. */
  get oldestCallMs(): number {
    for (const startedMs of this.#underWay.values()) return this.#options.clock.monotonicMs() - startedMs;
    return 0;
  }

  async facts(signal: AbortSignal): Promise<EngineFacts> {
    const version = await this.#call('docker version', { method: 'GET', path: '/version' }, signal);
    const info = await this.#call('docker info', { method: 'GET', path: '/info' }, signal);
    const facts = parseFacts(version, info);
    this.#hasAppArmor = facts.hasAppArmor;
    return facts;
  }

  async imageId(reference: string, signal: AbortSignal): Promise<string | undefined> {
    const path = `/images/${encodeURIComponent(reference)}/json`;
    return unlessMissing(async () => parseImageId(await this.#call('docker image inspect', { method: 'GET', path }, signal)));
  }

  async create(spec: ContainerSpec, signal: AbortSignal): Promise<string> {
    const options = createOptions(spec, { hasAppArmor: this.#hasAppArmor });
    assertPolicy(options);
    const name = `easyfaas-${spec.instanceId.slice(0, 8)}-${spec.containerId}`;
    const answer = await this.#call(
      'docker create',
      { method: 'POST', path: '/containers/create', query: { name }, body: options },
      signal,
    );
    const { dockerId, warnings } = parseCreated(answer);
    await this.#refuseWarnings('docker create', warnings, () => this.remove(dockerId, signal));
    return dockerId;
  }

  async start(dockerId: string, signal: AbortSignal): Promise<void> {
    await unlessAlready(this.#call('docker start', { method: 'POST', path: `/containers/${dockerId}/start` }, signal), /answered 304/);
  }

  async setLimits(dockerId: string, limits: { memoryMb: number; cpus: CpuLimits }, signal: AbortSignal): Promise<void> {
    const call: Call = { method: 'POST', path: `/containers/${dockerId}/update`, body: updateOptions(limits) };
    const warnings = parseWarnings(await this.#call('docker update', call, signal));
    await this.#refuseWarnings('docker update', warnings, () => Promise.resolve());
  }

  async pause(dockerId: string, signal: AbortSignal): Promise<void> {
    await unlessAlready(this.#call('docker pause', { method: 'POST', path: `/containers/${dockerId}/pause` }, signal), /already paused/);
  }

  async resume(dockerId: string, signal: AbortSignal): Promise<void> {
    await unlessAlready(this.#call('docker unpause', { method: 'POST', path: `/containers/${dockerId}/unpause` }, signal), /not paused/);
  }

  async remove(dockerId: string, signal: AbortSignal): Promise<void> {
    const call: Call = { method: 'DELETE', path: `/containers/${dockerId}`, query: { force: 'true', v: 'true' } };
    await unlessAlready(
      unlessMissing(() => this.#call('docker rm', call, signal)),
      /removal of container .* is already in progress/,
    );
  }

  async inspect(dockerId: string, signal: AbortSignal): Promise<EngineContainerDetails | undefined> {
    const call: Call = { method: 'GET', path: `/containers/${dockerId}/json` };
    return unlessMissing(async () => parseDetails(await this.#call('docker inspect', call, signal)));
  }

  async list(labels: Readonly<Record<string, string>>, signal: AbortSignal): Promise<EngineContainer[]> {
    const query = { all: 'true', filters: labelFilter(labels) };
    return parseList(await this.#call('docker ps', { method: 'GET', path: '/containers/json', query }, signal)).map(parseContainer);
  }

  watch(labels: Readonly<Record<string, string>>, listener: EngineEventListener, signal: AbortSignal): void {
    const { clock, logger } = this.#options;
    const filters = JSON.stringify({ label: labelTexts(labels), type: ['container'] });
    const open = (abortSignal: AbortSignal) => this.#docker.getEvents({ filters, abortSignal });
    watchDockerEvents({ open, listener, clock, logger, signal });
  }

  async #refuseWarnings(what: string, warnings: readonly string[], undo: () => Promise<void>): Promise<void> {
    const serious = warnings.filter((warning) => !HARMLESS_WARNINGS.some((harmless) => harmless.test(warning)));
    if (serious.length === 0) return;
    await undo();
    throw new EngineError('refused', `${what} dropped a setting: ${serious.join('; ')}`);
  }

  /**
   * One request. Not dockerode's own methods: its `createContainer` hides the warnings. It settles by the caller's signal
   * or the call timeout, whichever is first, also when dockerd dies in the middle of an answer.
   */
  async #call(what: string, { method, path, query, body }: Call, signal: AbortSignal): Promise<unknown> {
    const call = Symbol(what);
    this.#underWay.set(call, this.#options.clock.monotonicMs());
    try {
      signal.throwIfAborted();
      return await withDeadline(what, this.#options.callTimeoutMs, (timeout) => {
        const abortSignal = AbortSignal.any([signal, timeout]);
        const options = method === 'POST' ? { _query: query ?? {}, _body: body ?? {} } : { _query: query ?? {} };
        return abortable(abortSignal, (settle) => {
          this.#docker.modem.dial({ path: `${path}?`, method, options, abortSignal, statusCodes: OK }, settle);
        });
      });
    } catch (thrown) {
      if (thrown instanceof ServiceError) throw new EngineError('unavailable', thrown.message, { cause: thrown });
      throw translateDockerError(what, thrown);
    } finally {
      this.#underWay.delete(call);
    }
  }
}

const OK = { 200: true, 201: true, 204: true };

function abortable(signal: AbortSignal, start: (settle: (error: Error | null, data: unknown) => void) => void): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    start((error, data) => {
      signal.removeEventListener('abort', onAbort);
      if (error === null) resolve(data);
      else reject(error);
    });
  });
}

async function unlessMissing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof EngineError && error.kind === 'notFound') return undefined;
    throw error;
  }
}

/** A refusal whose text says that the wanted state is there already: Docker uses 304 without a text, 409 and 500 for it. */
async function unlessAlready(call: Promise<unknown>, already: RegExp): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof EngineError) || !already.test(error.message)) throw error;
  }
}

function labelFilter(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify({ label: labelTexts(labels) });
}

function labelTexts(labels: Readonly<Record<string, string>>): string[] {
  return Object.entries(labels).map(([name, value]) => `${name}=${value}`);
}
