/** Memory of one container as the kernel counts it, bytes. */
export interface MemoryUsage {
  limitBytes: number;
  usageBytes: number;
  /** Part of the usage that the kernel can drop at once: file pages not used lately. */
  reclaimableBytes: number;
}

/**
 * The control groups of containers, written directly: some tenths of a millisecond where Docker takes 25. Every method
 * throws the system's error (ENOENT when the container has no such group, EROFS or EACCES when it may not be written,
 * EBUSY when a limit below the usage is refused).
 */
export interface ContainerCgroups {
  readonly version: 1 | 2;
  /** Brings memory and swap together to a limit without swap. */
  setMemory(dockerId: string, bytes: number): void;
  memoryUsage(dockerId: string): MemoryUsage;
  /** @param shares on the scale of cgroup v1, 2 to 262144 */
  setCpuShares(dockerId: string, shares: number): void;
  /** Stops all processes; resolves when they stand still. */
  freeze(dockerId: string, signal: AbortSignal): Promise<void>;
  thaw(dockerId: string): void;
}

export type CgroupDriver = 'cgroupfs' | 'systemd';

/** Path of a container's group below a hierarchy's root; it follows from Docker's cgroup driver. */
export function containerGroup(driver: CgroupDriver, dockerId: string): string {
  return driver === 'systemd' ? `system.slice/docker-${dockerId}.scope` : `docker/${dockerId}`;
}
