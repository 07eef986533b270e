import { ServiceError } from '@easyfaas/service-kit';
import type { ContainerRecord } from './container-record';

/** @throws ServiceError ILLEGAL_TRANSITION when the engine has not made the container yet */
export function dockerIdOf({ view }: ContainerRecord): string {
  if (view.dockerId !== undefined) return view.dockerId;
  throw new ServiceError('ILLEGAL_TRANSITION', `Container ${view.containerId} has not been created by Docker yet.`);
}
