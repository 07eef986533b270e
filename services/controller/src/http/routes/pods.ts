import type { PodLease } from '@easyfaas/contracts/wire';
import type { Mount } from '../mount-route';
import { readQuery } from '../query';

/** The pods that share this one's Redis, as operators see them. */
export interface PodsView {
  /** Of the pod that answers. */
  podId: string;
  /** Why it has no others; absent when it is in touch with them, or is the only one. */
  isOnItsOwn?: string;
  pods: PodLease[];
}

export interface PodsReader {
  view(): PodsView;
}

/** `/v1/pods`: for operators. */
export function mountPods(mount: Mount, { pods }: { pods: PodsReader }): void {
  mount('/v1/pods', {
    get: (request, response) => {
      readQuery(request, []);
      response.json(pods.view());
    },
  });
}
