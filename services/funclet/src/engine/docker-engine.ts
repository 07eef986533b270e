import type { Logger } from '@easyfaas/service-kit';
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
import { DockerCalls, labelFilter, labelTexts, unlessAlready, unlessMissing, type Call, type DockerCallsOptions } from './docker-calls';
import { watchDockerEvents } from './docker-events';
import { EngineError } from './engine-error';

export interface DockerEngineOptions extends DockerCallsOptions {
  logger: Logger;
}

/** Part of a warning by which a harmless one is known. Every other warning means that a setting was dropped. */
const HARMLESS_WARNINGS: readonly RegExp[] = [/platform .* does not match/i];

/** Docker Engine over its socket. API 1.41 (Docker 20.10) and later. */
export class DockerEngine implements ContainerEngine {
  readonly #calls: DockerCalls;
  readonly #options: DockerEngineOptions;
  #hasAppArmor = false;

  constructor(options: DockerEngineOptions) {
    this.#options = options;
    this.#calls = new DockerCalls(options);
  }

  /** Age of the oldest call that has not ended, ms; 0 when there is none. */
  get oldestCallMs(): number {
    return this.#calls.oldestMs;
  }

  async facts(signal: AbortSignal): Promise<EngineFacts> {
    const version = await this.#calls.call('docker version', { method: 'GET', path: '/version' }, signal);
    const info = await this.#calls.call('docker info', { method: 'GET', path: '/info' }, signal);
    const facts = parseFacts(version, info);
    this.#hasAppArmor = facts.hasAppArmor;
    return facts;
  }

  async imageId(reference: string, signal: AbortSignal): Promise<string | undefined> {
    const path = `/images/${encodeURIComponent(reference)}/json`;
    return unlessMissing(async () => parseImageId(await this.#calls.call('docker image inspect', { method: 'GET', path }, signal)));
  }

  async create(spec: ContainerSpec, signal: AbortSignal): Promise<string> {
    const options = createOptions(spec, { hasAppArmor: this.#hasAppArmor });
    assertPolicy(options);
    const name = `easyfaas-${spec.instanceId.slice(0, 8)}-${spec.containerId}`;
    const answer = await this.#calls.call(
      'docker create',
      { method: 'POST', path: '/containers/create', query: { name }, body: options },
      signal,
    );
    const { dockerId, warnings } = parseCreated(answer);
    await this.#refuseWarnings('docker create', warnings, () => this.remove(dockerId, signal));
    return dockerId;
  }

  async start(dockerId: string, signal: AbortSignal): Promise<void> {
    await unlessAlready(
      this.#calls.call('docker start', { method: 'POST', path: `/containers/${dockerId}/start` }, signal),
      /answered 304/,
    );
  }

  async setLimits(dockerId: string, limits: { memoryMb: number; cpus: CpuLimits }, signal: AbortSignal): Promise<void> {
    const call: Call = { method: 'POST', path: `/containers/${dockerId}/update`, body: updateOptions(limits) };
    const warnings = parseWarnings(await this.#calls.call('docker update', call, signal));
    await this.#refuseWarnings('docker update', warnings, () => Promise.resolve());
  }

  async pause(dockerId: string, signal: AbortSignal): Promise<void> {
    await unlessAlready(
      this.#calls.call('docker pause', { method: 'POST', path: `/containers/${dockerId}/pause` }, signal),
      /already paused/,
    );
  }

  async resume(dockerId: string, signal: AbortSignal): Promise<void> {
    await unlessAlready(
      this.#calls.call('docker unpause', { method: 'POST', path: `/containers/${dockerId}/unpause` }, signal),
      /not paused/,
    );
  }

  async remove(dockerId: string, signal: AbortSignal): Promise<void> {
    const call: Call = { method: 'DELETE', path: `/containers/${dockerId}`, query: { force: 'true', v: 'true' } };
    await unlessAlready(
      unlessMissing(() => this.#calls.call('docker rm', call, signal)),
      /removal of container .* is already in progress/,
    );
  }

  async inspect(dockerId: string, signal: AbortSignal): Promise<EngineContainerDetails | undefined> {
    const call: Call = { method: 'GET', path: `/containers/${dockerId}/json` };
    return unlessMissing(async () => parseDetails(await this.#calls.call('docker inspect', call, signal)));
  }

  async list(labels: Readonly<Record<string, string>>, signal: AbortSignal): Promise<EngineContainer[]> {
    const query = { all: 'true', filters: labelFilter(labels) };
    return parseList(await this.#calls.call('docker ps', { method: 'GET', path: '/containers/json', query }, signal)).map(parseContainer);
  }

  watch(labels: Readonly<Record<string, string>>, listener: EngineEventListener, signal: AbortSignal): void {
    const { clock, logger } = this.#options;
    const filters = JSON.stringify({ label: labelTexts(labels), type: ['container'] });
    const open = (abortSignal: AbortSignal) => this.#calls.events(filters, abortSignal);
    watchDockerEvents({ open, listener, clock, logger, signal });
  }

  async #refuseWarnings(what: string, warnings: readonly string[], undo: () => Promise<void>): Promise<void> {
    const serious = warnings.filter((warning) => !HARMLESS_WARNINGS.some((harmless) => harmless.test(warning)));
    if (serious.length === 0) return;
    await undo();
    throw new EngineError('refused', `${what} dropped a setting: ${serious.join('; ')}`);
  }
}
