import { EnvReader, LOG_LEVELS, readFailpoints } from '@easyfaas/service-kit';
import { LIMITS } from '@easyfaas/contracts/wire';
import { FUNCLET_FAILPOINTS } from './failpoints';

const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;

/** Names and types of the environment. Rules that need more than one variable are in config.ts. */
export function readEnv(env: Readonly<Record<string, string | undefined>>) {
  const reader = new EnvReader(env);
  const unsafe = reader.choice('EASYFAAS_UNSAFE', '0', ['0', '1']);
  return {
    reader,
    values: {
      dataDir: reader.text('EASYFAAS_DATA_DIR', '/var/lib/easyfaas'),
      listen: reader.optionalText('EASYFAAS_FUNCLET_LISTEN'),
      packagesDir: reader.optionalText('EASYFAAS_PACKAGES_DIR'),
      dockerSocket: reader.text('EASYFAAS_DOCKER_SOCKET', '/var/run/docker.sock'),
      runtimesDir: reader.text('EASYFAAS_RUNTIMES_DIR', 'runtimes'),
      imageTag: reader.text('EASYFAAS_IMAGE_TAG', 'latest'),
      labels: reader.list('EASYFAAS_LABELS', []),
      cgroupRoot: reader.text('EASYFAAS_CGROUP_ROOT', '/sys/fs/cgroup'),
      egress: reader.choice('EASYFAAS_EGRESS', 'on', ['on', 'off']),
      egressAllow: reader.list('EASYFAAS_EGRESS_ALLOW', []),
      egressDeny: reader.list('EASYFAAS_EGRESS_DENY', []),
      /** Public resolvers: names of the private network stay unknown to functions. */
      egressDns: reader.list('EASYFAAS_EGRESS_DNS', ['1.1.1.1', '9.9.9.9']),
      mountMode: reader.choice('EASYFAAS_MOUNT_MODE', 'auto', ['auto', 'bind', 'hardlink']),
      cpuQuota: reader.choice('EASYFAAS_CPU_QUOTA', 'off', ['off', 'on']),
      /** 0: 80 % of the machine. */
      nodeMemoryMb: reader.integer('EASYFAAS_NODE_MEMORY_MB', 0, { min: 0, max: 64 * MIB }),
      /** 0: all of the machine. */
      nodeCpus: reader.decimal('EASYFAAS_NODE_CPUS', 0, { min: 0, max: 4096 }),
      overheadMb: reader.integer('EASYFAAS_CONTAINER_OVERHEAD_MB', 8, { min: 0, max: 1024 }),
      codeCacheMb: reader.integer('EASYFAAS_CODE_CACHE_MB', 4096, { min: 1, max: 64 * MIB }),
      unpackedMb: reader.integer('EASYFAAS_UNPACKED_MB', LIMITS.unpackedBytes / MIB, { min: 1, max: 10_240 }),
      packageFiles: reader.integer('EASYFAAS_PACKAGE_FILES', LIMITS.packageFiles, { min: 1, max: 1_000_000 }),
      creationsMax: reader.integer('EASYFAAS_CREATIONS_MAX', 4, { min: 1, max: 64 }),
      creatingDeadlineMs: reader.integer('EASYFAAS_CREATING_DEADLINE_MS', 30_000, { min: 100, max: HOUR_MS }),
      warmingDeadlineMs: reader.integer('EASYFAAS_WARMING_DEADLINE_MS', (LIMITS.timeoutSecondsMax + 60) * 1000, { min: 100, max: HOUR_MS }),
      reconcileMs: reader.integer('EASYFAAS_RECONCILE_MS', 10_000, { min: 100, max: HOUR_MS }),
      verifyCodeMs: reader.integer('EASYFAAS_VERIFY_CODE_MS', 600_000, { min: 1000, max: 24 * HOUR_MS }),
      dockerTimeoutMs: reader.integer('EASYFAAS_DOCKER_TIMEOUT_MS', 30_000, { min: 100, max: HOUR_MS }),
      atStop: reader.choice('EASYFAAS_AT_STOP', 'keep', ['keep', 'remove']),
      /** The image with the guard of egress; by default the funclet's own. */
      guardImage: reader.optionalText('EASYFAAS_GUARD_IMAGE'),
      drainMs: reader.integer('EASYFAAS_DRAIN_MS', 5_000, { min: 0, max: HOUR_MS }),
      unsafe,
      failpoints: readFailpoints(reader, 'EASYFAAS_FAILPOINTS', { names: FUNCLET_FAILPOINTS, isUnsafe: unsafe === '1' }),
      logLevel: reader.choice('EASYFAAS_LOG_LEVEL', 'info', LOG_LEVELS),
    },
  };
}
