import type { Logger } from '@easyfaas/service-kit';
import { parseContainer, parseCreated, parseList, parseNetwork } from './docker-answers';
import { DockerCalls, labelFilter, labelTexts, unlessAlready, unlessMissing, type DockerCallsOptions } from './docker-calls';
import { watchDockerEvents } from './docker-events';
import { guardOptions } from './guard-options';
import { egressLabels, LABELS } from './labels';
import type { EgressBridge, Guard, GuardSpec, NetworkEngine } from './network-engine';

export interface DockerNetworksOptions extends DockerCallsOptions {
  logger: Logger;
}

/** Networks and guards of Docker Engine. */
export class DockerNetworks implements NetworkEngine {
  readonly #calls: DockerCalls;
  readonly #options: DockerNetworksOptions;

  constructor(options: DockerNetworksOptions) {
    this.#options = options;
    this.#calls = new DockerCalls(options);
  }

  async findBridge(instanceId: string, signal: AbortSignal): Promise<EgressBridge | undefined> {
    const query = { filters: labelFilter(egressLabels(instanceId)) };
    const [found] = parseList(await this.#calls.call('docker network ls', { method: 'GET', path: '/networks', query }, signal));
    return found === undefined ? undefined : parseNetwork(found);
  }

  async createBridge(instanceId: string, labels: Readonly<Record<string, string>>, signal: AbortSignal): Promise<EgressBridge> {
    const name = egressNetworkName(instanceId);
    const body = {
      Name: name,
      CheckDuplicate: true,
      Driver: 'bridge',
      Internal: false,
      Attachable: false,
      EnableIPv6: false,
      Labels: { ...labels, ...egressLabels(instanceId) },
      Options: {
        'com.docker.network.bridge.name': `ef${instanceId.slice(0, 8)}`,
        'com.docker.network.bridge.enable_icc': 'false',
        'com.docker.network.bridge.enable_ip_masquerade': 'false',
      },
    };
    const { dockerId } = parseCreated(
      await this.#calls.call('docker network create', { method: 'POST', path: '/networks/create', body }, signal),
    );
    return parseNetwork(await this.#calls.call('docker network inspect', { method: 'GET', path: `/networks/${dockerId}` }, signal));
  }

  async removeBridge(networkId: string, signal: AbortSignal): Promise<void> {
    await unlessMissing(() => this.#calls.call('docker network rm', { method: 'DELETE', path: `/networks/${networkId}` }, signal));
  }

  async guards(instanceId: string, signal: AbortSignal): Promise<Guard[]> {
    const query = { all: 'true', filters: labelFilter(egressLabels(instanceId)) };
    const list = parseList(await this.#calls.call('docker ps', { method: 'GET', path: '/containers/json', query }, signal));
    return list.map(parseContainer).map(({ dockerId, status, labels }) => {
      return { dockerId, isRunning: status === 'running', fingerprint: labels[LABELS.fingerprint] ?? '' };
    });
  }

  async startGuard(spec: GuardSpec, signal: AbortSignal): Promise<string> {
    const query = { name: `easyfaas-${spec.instanceId.slice(0, 8)}-guard-${spec.fingerprint.slice(0, 8)}` };
    const create = { method: 'POST', path: '/containers/create', query, body: guardOptions(spec) } as const;
    const { dockerId } = parseCreated(await this.#calls.call('docker create', create, signal));
    try {
      await this.#calls.call('docker start', { method: 'POST', path: `/containers/${dockerId}/start` }, signal);
    } catch (error) {
      await this.removeGuard(dockerId, signal);
      throw error;
    }
    return dockerId;
  }

  async guardOutput(dockerId: string, signal: AbortSignal): Promise<string> {
    const query = { stdout: 'true', stderr: 'true', tail: '50' };
    const output = await this.#calls.call('docker logs', { method: 'GET', path: `/containers/${dockerId}/logs`, query }, signal);
    if (typeof output === 'string') return output;
    return Buffer.isBuffer(output) ? output.toString('utf8') : '';
  }

  async removeGuard(dockerId: string, signal: AbortSignal): Promise<void> {
    const call = { method: 'DELETE', path: `/containers/${dockerId}`, query: { force: 'true', v: 'true' } } as const;
    await unlessAlready(
      unlessMissing(() => this.#calls.call('docker rm', call, signal)),
      /removal of container .* is already in progress/,
    );
  }

  watchGuards(instanceId: string, onEnd: () => void, signal: AbortSignal): void {
    const { clock, logger } = this.#options;
    const filters = JSON.stringify({ label: labelTexts(egressLabels(instanceId)), type: ['container'], event: ['die'] });
    const open = (abortSignal: AbortSignal) => this.#calls.events(filters, abortSignal);
    watchDockerEvents({ open, listener: { onEvent: onEnd, onOpen: () => undefined }, clock, logger, signal });
  }
}

/** The one network that containers of an instance may be attached to; `assertPolicy` knows its form. */
export function egressNetworkName(instanceId: string): string {
  return `easyfaas-egress-${instanceId.slice(0, 8)}`;
}
