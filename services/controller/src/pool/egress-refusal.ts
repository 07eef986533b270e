import type { NetworkMode } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import type { Shelves } from './shelves';

/** Why a function of that network gets no container, ever: the operator forbids it. Undefined when it may have one. */
export function egressRefusal(network: NetworkMode, shelves: Shelves): ServiceError | undefined {
  if (network === 'none') return undefined;
  for (const shelf of shelves.values()) if (shelf.network === network) return undefined;
  return new ServiceError(
    'EGRESS_FORBIDDEN',
    'NetworkMode "egress" is switched off here (EASYFAAS_EGRESS=off): functions have no network, NetworkMode "none".',
  );
}
