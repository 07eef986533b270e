import type { EngineContainer, EngineContainerDetails, EngineFacts } from './container-engine';
import { EngineError } from './engine-error';
import type { EgressBridge } from './network-engine';

/** Docker's answers, reduced to what we use. An answer without a needed member is an EngineError, not a crash later. */

type Json = Record<string, unknown>;

export function parseFacts(version: unknown, info: unknown): EngineFacts {
  const v = object(version, 'version');
  const i = object(info, 'info');
  const security = strings(i['SecurityOptions']);
  return {
    version: text(v, 'Version'),
    apiVersion: text(v, 'ApiVersion'),
    runcVersion: runcVersion(v),
    kernelVersion: text(v, 'KernelVersion'),
    cgroupVersion: i['CgroupVersion'] === '2' ? 2 : 1,
    cgroupDriver: text(i, 'CgroupDriver'),
    hasSeccomp: security.some((option) => option.startsWith('name=seccomp')),
    hasAppArmor: security.some((option) => option.startsWith('name=apparmor')),
    canLimit: { memory: i['MemoryLimit'] === true, swap: i['SwapLimit'] === true, pids: i['PidsLimit'] === true },
    memoryBytes: number(i, 'MemTotal'),
    cpus: number(i, 'NCPU'),
  };
}

export function parseImageId(answer: unknown): string {
  return text(object(answer, 'image'), 'Id');
}

export function parseCreated(answer: unknown): { dockerId: string; warnings: string[] } {
  return { dockerId: text(object(answer, 'create'), 'Id'), warnings: parseWarnings(answer) };
}

export function parseWarnings(answer: unknown): string[] {
  return typeof answer === 'object' && answer !== null ? strings((answer as Json)['Warnings']) : [];
}

export function parseList(answer: unknown): unknown[] {
  if (!Array.isArray(answer)) throw new EngineError('unavailable', 'Docker answered the list of containers with something else.');
  return answer;
}

/** One member of `GET /containers/json`. */
export function parseContainer(answer: unknown): EngineContainer {
  const item = object(answer, 'container');
  return {
    dockerId: text(item, 'Id'),
    imageId: text(item, 'ImageID'),
    labels: labelsOf(item['Labels']),
    status: statusOf(text(item, 'State')),
  };
}

/** `GET /containers/{id}/json`. */
export function parseDetails(answer: unknown): EngineContainerDetails {
  const item = object(answer, 'container');
  const state = object(item['State'], 'State');
  const status = statusOf(text(state, 'Status'));
  const exit = { exitCode: number(state, 'ExitCode'), oomKilled: state['OOMKilled'] === true };
  return {
    dockerId: text(item, 'Id'),
    imageId: text(item, 'Image'),
    labels: labelsOf(object(item['Config'], 'Config')['Labels']),
    status,
    memoryBytes: number(object(item['HostConfig'], 'HostConfig'), 'Memory'),
    ...(status === 'ended' ? { exit } : {}),
  };
}

/** `GET /networks/{id}`, or one member of `GET /networks`. */
export function parseNetwork(answer: unknown): EgressBridge {
  const item = object(answer, 'network');
  const configs: unknown = object(item['IPAM'], 'IPAM')['Config'];
  const subnet = text(object(Array.isArray(configs) ? (configs as unknown[])[0] : undefined, 'IPAM.Config'), 'Subnet');
  const bridge = text(object(item['Options'], 'Options'), 'com.docker.network.bridge.name');
  return { networkId: text(item, 'Id'), name: text(item, 'Name'), bridge, subnet };
}

function statusOf(state: string): EngineContainer['status'] {
  if (state === 'created' || state === 'running' || state === 'paused') return state;
  // restarting, removing, exited, dead: none of them comes back.
  return 'ended';
}

function labelsOf(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([name, label]) => [name, String(label)]));
}

function runcVersion(version: Json): string {
  const components: unknown[] = Array.isArray(version['Components']) ? version['Components'] : [];
  const runc = components.find((component): component is Json => (component as Json | null)?.['Name'] === 'runc');
  return typeof runc?.['Version'] === 'string' ? runc['Version'] : '';
}

function object(value: unknown, name: string): Json {
  if (typeof value !== 'object' || value === null) throw new EngineError('unavailable', `Docker's answer has no ${name}.`);
  return value as Json;
}

function text(value: Json, name: string): string {
  const member = value[name];
  if (typeof member !== 'string') throw new EngineError('unavailable', `Docker's answer has no ${name}.`);
  return member;
}

function number(value: Json, name: string): number {
  const member = value[name];
  if (typeof member !== 'number') throw new EngineError('unavailable', `Docker's answer has no ${name}.`);
  return member;
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
