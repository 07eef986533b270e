import { CONTAINER_ENV, CONTAINER_PATHS, LIMITS } from '@easyfaas/contracts/wire';
import type { ContainerSpec, CpuLimits } from './container-engine';
import { LABELS } from './labels';
import { SECCOMP_PROFILE } from './seccomp-profile';

const MIB = 1024 * 1024;

/** Body of Docker's `POST /containers/create`. Keys as the Engine API spells them. */
export type CreateOptions = ReturnType<typeof createOptions>;

export interface HostSettings {
  /** Where AppArmor is loaded its default profile is named; elsewhere Docker refuses the option. */
  hasAppArmor: boolean;
}

const USER = '10001:10001';

/** Empty files cost kernel memory too. */
const TMP_INODES = 16_384;
const SHM_BYTES = 16 * MIB;
/** Processes and threads together: a fork bomb ends here. */
const PIDS = 128;
const OPEN_FILES = 1024;
const FILE_BYTES = 512_000_000;
const LOCKED_BYTES = 65_536;

/**
 * The whole configuration of a function container, each key set by us: nothing of a request is spread into it. The why of
 * each key is in docs/security.md; `assertPolicy` checks the result once more.
 */
export function createOptions(spec: ContainerSpec, host: HostSettings) {
  const memoryBytes = spec.memoryMb * MIB;
  // It counts toward the container's memory.
  const tmpBytes = (spec.tmpMb ?? LIMITS.ephemeralStorageMb[0]) * MIB;
  return {
    Image: spec.imageId,
    User: USER,
    Entrypoint: ['/opt/easyfaas/runner'],
    Cmd: [] as string[],
    WorkingDir: '/tmp',
    Env: [
      'HOME=/tmp',
      'TMPDIR=/tmp',
      'PATH=/usr/local/bin:/usr/bin:/bin',
      'LANG=C.UTF-8',
      'PYTHONDONTWRITEBYTECODE=1',
      'PYTHONUNBUFFERED=1',
      'NODE_ENV=production',
      `${CONTAINER_ENV.token}=${spec.token}`,
    ],
    Labels: {
      ...spec.labels,
      [LABELS.instance]: spec.instanceId,
      [LABELS.container]: spec.containerId,
      [LABELS.runtime]: spec.runtime,
    },
    Hostname: 'fn',
    Tty: false,
    OpenStdin: false,
    AttachStdin: false,
    NetworkDisabled: spec.egress === undefined,
    StopSignal: 'SIGTERM',
    StopTimeout: 2,
    Healthcheck: { Test: ['NONE'] },
    Volumes: {},
    HostConfig: {
      ...networkOptions(spec),
      ReadonlyRootfs: true,
      Privileged: false,
      CapDrop: ['ALL'],
      CapAdd: [] as string[],
      SecurityOpt: securityOptions(host),
      Init: true,
      // Equal means no swap.
      Memory: memoryBytes,
      MemorySwap: memoryBytes,
      ...cpuOptions(spec.cpus),
      PidsLimit: PIDS,
      OomKillDisable: false,
      OomScoreAdj: 500,
      // Never nproc: the kernel counts it per user over all containers.
      Ulimits: [
        { Name: 'nofile', Soft: OPEN_FILES, Hard: OPEN_FILES },
        { Name: 'core', Soft: 0, Hard: 0 },
        { Name: 'memlock', Soft: LOCKED_BYTES, Hard: LOCKED_BYTES },
        { Name: 'fsize', Soft: FILE_BYTES, Hard: FILE_BYTES },
      ],
      Tmpfs: { '/tmp': `rw,noexec,nosuid,nodev,size=${tmpBytes},mode=1777,nr_inodes=${TMP_INODES}` },
      ShmSize: SHM_BYTES,
      IpcMode: 'private',
      CgroupnsMode: 'private',
      PidMode: '',
      UTSMode: '',
      UsernsMode: '',
      Mounts: [
        bind(spec.paths.task, CONTAINER_PATHS.task, spec.codePropagation),
        bind(spec.paths.layers, CONTAINER_PATHS.layers, spec.codePropagation),
        bind(spec.paths.socket, CONTAINER_PATHS.socketDirectory, 'rprivate'),
      ],
      // Only what a crashing runner prints; users' logs go through the runner.
      LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '2' } },
      RestartPolicy: { Name: 'no' },
      AutoRemove: false,
      PublishAllPorts: false,
    },
  };
}

/** Body of Docker's `POST /containers/{id}/update`. Memory and swap always together: one alone is refused or leaves swap. */
export function updateOptions(limits: { memoryMb: number; cpus: CpuLimits }) {
  const memoryBytes = limits.memoryMb * MIB;
  return { Memory: memoryBytes, MemorySwap: memoryBytes, ...cpuOptions(limits.cpus) };
}

function cpuOptions({ shares, quota }: CpuLimits): { CpuShares: number; NanoCpus?: number } {
  return { CpuShares: shares, ...(quota === undefined ? {} : { NanoCpus: Math.round(quota * 1e9) }) };
}

/** Docker's resolver in the container asks these servers and no others; no search domain of the host's network goes in. */
function networkOptions({ egress }: ContainerSpec) {
  if (egress === undefined) return { NetworkMode: 'none' };
  return { NetworkMode: egress.network, Dns: [...egress.resolvers], DnsSearch: ['.'] };
}

function securityOptions(host: HostSettings): string[] {
  const options = ['no-new-privileges:true', `seccomp=${JSON.stringify(SECCOMP_PROFILE)}`];
  return host.hasAppArmor ? [...options, 'apparmor=docker-default'] : options;
}

/** `Mounts`, never `Binds`: a missing source is an error instead of a new directory owned by root. */
function bind(source: string, target: string, propagation: 'rslave' | 'rprivate') {
  return { Type: 'bind' as const, Source: source, Target: target, ReadOnly: true, BindOptions: { Propagation: propagation } };
}
