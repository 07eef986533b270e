import koffi from 'koffi';

/** <linux/mount.h> */
const MS_RDONLY = 1;
const MS_NOSUID = 2;
const MS_NODEV = 4;
const MS_REMOUNT = 32;
const MS_BIND = 4096;
/** <sys/mount.h> */
const MNT_DETACH = 2;
/** Do not follow a link at the end of the path. */
const UMOUNT_NOFOLLOW = 8;

const EINVAL = 22;
const ENOENT = 2;

/** A mount(2) or umount2(2) that failed. */
export class MountError extends Error {
  override readonly name = 'MountError';
  readonly errno: number;

  constructor(what: string, errno: number) {
    super(`${what} failed with errno ${errno} (${errnoName(errno)})`);
    this.errno = errno;
  }
}

/** Mount system calls, in this process: a spawned `mount` costs 6 ms, a call some microseconds. */
export interface MountSyscalls {
  /** Shows `source` at `target` with the flags of source's own mount. @throws MountError */
  bind(source: string, target: string): void;
  /** Makes the mount at `target` read-only, here only: what was propagated from it before stays as it is. @throws MountError */
  makeReadOnly(target: string): void;
  /** Takes the uppermost mount at `target` away, in use or not. @returns false when none was there @throws MountError */
  unmount(target: string): boolean;
}

/** Binds libc's functions. Needs CAP_SYS_ADMIN when they are called, nothing now. */
export function linuxMountSyscalls(): MountSyscalls {
  const libc = koffi.load('libc.so.6');
  const mount = libc.func('int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data)');
  const umount2 = libc.func('int umount2(const char *target, int flags)');

  const call = (what: string, result: unknown): void => {
    if (result !== 0) throw new MountError(what, koffi.errno());
  };

  return {
    bind(source, target) {
      call(`bind of ${source} to ${target}`, mount(source, target, null, MS_BIND, null));
    },
    makeReadOnly(target) {
      const flags = MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV;
      call(`read-only remount of ${target}`, mount(null, target, null, flags, null));
    },
    unmount(target) {
      const result: unknown = umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW);
      if (result === 0) return true;
      const errno = koffi.errno();
      // EINVAL: no mount point.
      if (errno === EINVAL || errno === ENOENT) return false;
      throw new MountError(`unmount of ${target}`, errno);
    },
  };
}

function errnoName(errno: number): string {
  return Object.entries(koffi.os.errno).find(([, value]) => value === errno)?.[0] ?? 'unknown';
}
