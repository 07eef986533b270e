import type { Mount } from '../mount-route';
import { type OpenfaasCallsDeps, mountOpenfaasCalls } from './openfaas-calls';
import { type OpenfaasSystemDeps, mountOpenfaasSystem } from './openfaas-system';

export type OpenfaasDeps = OpenfaasCallsDeps & OpenfaasSystemDeps;

/** The paths of OpenFaaS's gateway over the same functions. */
export function mountOpenfaas(mount: Mount, deps: OpenfaasDeps): void {
  mountOpenfaasCalls(mount, deps);
  mountOpenfaasSystem(mount, deps);
}
