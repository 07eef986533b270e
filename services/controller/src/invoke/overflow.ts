import type { ServiceError } from '@easyfaas/service-kit';
import type { Call } from './call';

/** Where calls go that this pod has no room for: to another pod, once. Nothing of it is on the path of a call that finds a container. */
export interface Overflow {
  /**
   * A call that this pod would refuse.
   * @returns whether it was taken: then it is settled, or given back to the dispatcher, later on
   */
  takeRefused(call: Call, refusal: ServiceError): boolean;
  /** Calls wait, perhaps for containers that could be had only if others gave way: takes those away that another pod has room for. */
  relieve(): void;
}

/** Of a pod that is on its own. */
export const NO_OVERFLOW: Overflow = { takeRefused: () => false, relieve: () => undefined };
