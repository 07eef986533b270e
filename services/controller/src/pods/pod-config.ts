import { isAbsolute } from 'node:path';
import type { EnvReader } from '@easyfaas/service-kit';
import { isPodId } from './pod-id';

export interface PodConfig {
  /** Where other pods reach this one. */
  address: string;
  listen: { host: string; port: number };
  keyFile: string | undefined;
}

export interface PodVariables {
  podId: string | undefined;
  podAddress: string | undefined;
  podListen: string | undefined;
  podKeyFile: string | undefined;
  packagesDir: string | undefined;
}

/** @returns undefined for a pod that is on its own; problems are noted in the reader */
export function readPodConfig(values: PodVariables, reader: EnvReader): PodConfig | undefined {
  const { podId, podAddress, podListen, podKeyFile, packagesDir } = values;
  if (podId !== undefined && !isPodId(podId))
    reader.problem(`EASYFAAS_POD_ID is "${podId}", expected up to 63 small letters, digits and -`);
  if (packagesDir !== undefined && !isAbsolute(packagesDir))
    reader.problem(`EASYFAAS_PACKAGES_DIR is "${packagesDir}", expected an absolute path`);
  if (podAddress === undefined) {
    for (const [name, value] of Object.entries({ EASYFAAS_POD_LISTEN: podListen, EASYFAAS_POD_KEY_FILE: podKeyFile })) {
      if (value !== undefined) reader.problem(`${name} is set, but EASYFAAS_POD_ADDRESS is not; without it the pod is on its own`);
    }
    return undefined;
  }
  const url = addressOf(podAddress);
  if (url === undefined) {
    reader.problem(`EASYFAAS_POD_ADDRESS is "${podAddress}", expected http://host:port or https://host:port`);
    return undefined;
  }
  const listen = /^(\[[0-9a-fA-F:]+\]|[^:[\]]+):(\d{1,5})$/.exec(podListen ?? '');
  if (podListen !== undefined && (listen?.[1] === undefined || Number(listen[2]) > 65_535)) {
    reader.problem(`EASYFAAS_POD_LISTEN is "${podListen}", expected host:port such as 0.0.0.0:8090`);
  }
  return {
    address: url.origin,
    listen: { host: listen?.[1] ?? url.hostname, port: Number(listen?.[2] ?? portOf(url)) },
    keyFile: podKeyFile,
  };
}

function addressOf(text: string): URL | undefined {
  if (!/^https?:\/\/[^/?#@\s]+\/?$/.test(text) || !URL.canParse(text)) return undefined;
  return new URL(text);
}

function portOf({ port, protocol }: URL): string {
  if (port !== '') return port;
  return protocol === 'https:' ? '443' : '80';
}
