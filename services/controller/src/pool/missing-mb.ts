import type { ServiceError } from '@easyfaas/service-kit';

/** Whether it is processors that are missing, which cold containers have none of. */
export const lacksCpu = ({ details }: ServiceError): boolean => details?.['resource'] === 'cpu';

/** How much memory the node lacked, MB, as the funclet's CAPACITY_EXCEEDED says, or how much goes with the processors that it lacked; undefined where it does not. */
export function missingMb({ details }: ServiceError): number | undefined {
  const { neededMb, freeMb } = details ?? {};
  return typeof neededMb === 'number' && typeof freeMb === 'number' ? Math.max(1, neededMb - freeMb) : undefined;
}
