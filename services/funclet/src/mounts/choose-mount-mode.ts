import { mountOf, type MountEntry } from './mount-table';

export type MountModeChoice = { mode: 'bind' } | { mode: 'hardlink'; warning?: string } | { mode: 'refused'; problem: string };

/**
 * How code gets into containers. Mounts made below the data directory reach them only when it lies on a shared mount.
 * @param wish of the configuration
 */
export function chooseMountMode(wish: 'auto' | 'bind' | 'hardlink', table: readonly MountEntry[], dataDir: string): MountModeChoice {
  if (wish === 'hardlink') return { mode: 'hardlink' };
  if (mountOf(table, dataDir)?.isShared === true) return { mode: 'bind' };
  return withoutBinds(wish, dataDir, `${dataDir} does not lie on a shared mount`);
}

/** The choice when mounting turned out to be impossible. */
export function withoutBinds(wish: 'auto' | 'bind', dataDir: string, reason: string): Exclude<MountModeChoice, { mode: 'bind' }> {
  const remedy =
    `On the host run: mount --bind ${dataDir} ${dataDir} && mount --make-rshared ${dataDir}, and bind it into the funclet's ` +
    'container with propagation rshared; the container needs CAP_SYS_ADMIN, and apparmor=unconfined where AppArmor is on.';
  if (wish === 'bind')
    return { mode: 'refused', problem: `Code cannot be mounted: ${reason}. ${remedy} Or set EASYFAAS_MOUNT_MODE=hardlink.` };
  return {
    mode: 'hardlink',
    warning: `Code is linked into containers file by file, which is slower than mounting it: ${reason}. ${remedy}`,
  };
}
