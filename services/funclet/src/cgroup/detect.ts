import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CgroupDriver, ContainerCgroups } from './container-cgroups';
import { CgroupV1 } from './cgroup-v1';
import { CgroupV2 } from './cgroup-v2';

export interface CgroupAccess {
  /** Absent when the groups cannot be written here: then only Docker changes limits, slower. */
  cgroups?: ContainerCgroups;
  /** Why it is absent. */
  problem?: string;
}

/** @param root where the host's /sys/fs/cgroup is seen @param version of the host, as Docker says */
export function detectCgroups(root: string, version: 1 | 2, driver: string): CgroupAccess {
  if (driver !== 'cgroupfs' && driver !== 'systemd') return { problem: `Docker's cgroup driver "${driver}" is not known` };
  const top = version === 1 ? join(root, 'memory') : root;
  const marker = version === 1 ? join(top, 'memory.limit_in_bytes') : join(root, 'cgroup.controllers');
  if (!existsSync(top)) return { problem: `${top} does not exist; bind the host's /sys/fs/cgroup there (EASYFAAS_CGROUP_ROOT)` };
  if (!existsSync(marker) && !existsSync(join(top, 'cgroup.procs'))) return { problem: `${top} is not a cgroup v${version} file system` };
  try {
    accessSync(join(top, 'cgroup.procs'), constants.W_OK);
  } catch (error) {
    return { problem: `${top} cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown'})` };
  }
  return { cgroups: create(root, version, driver) };
}

function create(root: string, version: 1 | 2, driver: CgroupDriver): ContainerCgroups {
  return version === 1 ? new CgroupV1(root, driver) : new CgroupV2(root, driver);
}
