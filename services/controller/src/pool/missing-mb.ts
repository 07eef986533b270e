import type { ServiceError } from '@easyfaas/service-kit';

/** How much memory the node lacked, MB, as the funclet's CAPACITY_EXCEEDED says; undefined where it does not. */
export function missingMb({ details }: ServiceError): number | undefined {
  const { neededMb, freeMb } = details ?? {};
  return typeof neededMb === 'number' && typeof freeMb === 'number' ? Math.max(1, neededMb - freeMb) : undefined;
}
