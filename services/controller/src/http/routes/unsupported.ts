import { ServiceError } from '@easyfaas/service-kit';
import type { MountUnsupported } from '../mount-route';
import { UNSUPPORTED_ROUTES } from '../route-policy';

/** Paths that a reader of the documentation would try and that this version does not have. */
export function mountUnsupported(mount: MountUnsupported): void {
  for (const { path, what, signedBodyBytes } of UNSUPPORTED_ROUTES) {
    const refuse = (): never => {
      throw new ServiceError('NOT_SUPPORTED', `Not in this version: ${what}.`);
    };
    mount(path, refuse, signedBodyBytes);
  }
}
