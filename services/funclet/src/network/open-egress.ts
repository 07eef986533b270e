import type { Clock, Logger } from '@easyfaas/service-kit';
import type { FuncletConfig } from '../config';
import type { ContainerEngine } from '../engine/container-engine';
import { DockerNetworks } from '../engine/docker-networks';
import { EgressNetwork } from './egress-network';

export interface OpenEgressOptions {
  config: FuncletConfig;
  instanceId: string;
  images: Pick<ContainerEngine, 'imageId'>;
  clock: Clock;
  logger: Logger;
}

/** The network of functions over Docker. The guard is part of an image that has the funclet. */
export function openEgress({ config, instanceId, images, clock, logger }: OpenEgressOptions): EgressNetwork {
  const { dockerSocket: socketPath, dockerTimeoutMs: callTimeoutMs, guardImage: image, labels, egress: settings } = config;
  const engine = new DockerNetworks({ socketPath, callTimeoutMs, clock, logger });
  return new EgressNetwork({ instanceId, labels, settings, image, engine, images, clock, logger });
}
