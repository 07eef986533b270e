import { isAbsolute, join, normalize, resolve } from 'node:path';
import { DEFAULT_PACKAGE_LIMITS, type PackageLimits } from '@easyfaas/code-package';
import { LIMITS } from '@easyfaas/contracts/wire';
import type { LogLevel } from '@easyfaas/service-kit';
import { readEnv } from './env';
import { egressSettings, type EgressSettings } from './network/egress-settings';
import type { FuncletFailpoint } from './failpoints';

export interface FuncletConfig {
  dataDir: string;
  /** Directories below the data directory. */
  directories: { code: string; readOnlyCode: string; packages: string; containers: string; run: string };
  socketPath: string;
  dockerSocket: string;
  runtimesDir: string;
  imageTag: string;
  labels: Record<string, string>;
  cgroupRoot: string;
  mountMode: 'auto' | 'bind' | 'hardlink';
  egress: EgressSettings;
  hasCpuQuota: boolean;
  /** Of all quotas together; 0: as many as the machine has. */
  nodeCpus: number;
  /** 0: taken from the machine. */
  nodeMemoryMb: number;
  overheadMb: number;
  codeCacheBytes: number;
  packageLimits: PackageLimits;
  creationsMax: number;
  creatingDeadlineMs: number;
  warmingDeadlineMs: number;
  reconcileMs: number;
  verifyCodeMs: number;
  dockerTimeoutMs: number;
  /** Of egress; name and tag. */
  guardImage: string;
  drainMs: number;
  /** Containers, network and mounts go when the funclet stops, instead of waiting for the next one. */
  removesAtStop: boolean;
  /** Start although the engine lacks a protection; for development only. */
  isUnsafe: boolean;
  /** Where a test ends the process, and at which time of passing. */
  failpoints: ReadonlyMap<FuncletFailpoint, number>;
  logLevel: LogLevel;
}

const MIB = 1024 * 1024;
/** What is below the data directory: `/containers/<12>/sock/controller.sock`. */
const LONGEST_SOCKET = '/containers/0123456789ab/sock/controller.sock';
const LABEL = /^([A-Za-z0-9][A-Za-z0-9._/-]{0,127})=([^\n]{0,256})$/;

/** @throws ConfigurationError listing every problem */
export function readConfig(env: Readonly<Record<string, string | undefined>>): FuncletConfig {
  const { reader, values } = readEnv(env);
  const { dataDir, listen } = values;
  if (!isAbsolute(dataDir) || normalize(dataDir) !== dataDir || dataDir === '/' || dataDir.endsWith('/')) {
    reader.problem(`EASYFAAS_DATA_DIR is "${dataDir}", expected a plain absolute path such as /var/lib/easyfaas`);
  }
  const socketBytes = Buffer.byteLength(dataDir + LONGEST_SOCKET);
  if (socketBytes > LIMITS.unixSocketPathBytes) {
    const most = LIMITS.unixSocketPathBytes - LONGEST_SOCKET.length;
    reader.problem(`EASYFAAS_DATA_DIR has ${Buffer.byteLength(dataDir)} bytes, at most ${most} leave room for the sockets below it`);
  }
  const { packagesDir } = values;
  if (packagesDir !== undefined && !isAbsolute(packagesDir)) {
    reader.problem(`EASYFAAS_PACKAGES_DIR is "${packagesDir}", expected an absolute path`);
  }
  const socketPath = listen === undefined ? join(dataDir, 'run/funclet.sock') : listen.replace(/^unix:\/\//, '');
  if (listen?.startsWith('tcp://') === true) {
    reader.problem('EASYFAAS_FUNCLET_LISTEN is a tcp:// address, which this version does not offer; use unix:///path or leave it out');
  } else if (!isAbsolute(socketPath) || Buffer.byteLength(socketPath) > LIMITS.unixSocketPathBytes) {
    reader.problem(
      `EASYFAAS_FUNCLET_LISTEN is "${socketPath}", expected unix:// and an absolute path of at most ${LIMITS.unixSocketPathBytes} bytes`,
    );
  }
  const labels: Record<string, string> = {};
  for (const item of values.labels) {
    const match = LABEL.exec(item);
    if (match?.[1] === undefined || match[2] === undefined) reader.problem(`EASYFAAS_LABELS has "${item}", expected name=value`);
    else labels[match[1]] = match[2];
  }
  const egress = egressSettings(
    { isOn: values.egress === 'on', allow: values.egressAllow, deny: values.egressDeny, resolvers: values.egressDns },
    (text) => reader.problem(text),
  );
  reader.assertValid();
  return {
    dataDir,
    directories: {
      code: join(dataDir, 'code'),
      readOnlyCode: join(dataDir, 'code-ro'),
      packages: values.packagesDir ?? join(dataDir, 'packages'),
      containers: join(dataDir, 'containers'),
      run: join(dataDir, 'run'),
    },
    socketPath,
    dockerSocket: values.dockerSocket,
    runtimesDir: resolve(values.runtimesDir),
    imageTag: values.imageTag,
    labels,
    cgroupRoot: values.cgroupRoot,
    mountMode: values.mountMode,
    egress,
    hasCpuQuota: values.cpuQuota === 'on',
    nodeCpus: values.nodeCpus,
    nodeMemoryMb: values.nodeMemoryMb,
    overheadMb: values.overheadMb,
    codeCacheBytes: values.codeCacheMb * MIB,
    packageLimits: {
      ...DEFAULT_PACKAGE_LIMITS,
      unpackedBytes: values.unpackedMb * MIB,
      fileBytes: values.unpackedMb * MIB,
      files: values.packageFiles,
    },
    creationsMax: values.creationsMax,
    creatingDeadlineMs: values.creatingDeadlineMs,
    warmingDeadlineMs: values.warmingDeadlineMs,
    reconcileMs: values.reconcileMs,
    verifyCodeMs: values.verifyCodeMs,
    dockerTimeoutMs: values.dockerTimeoutMs,
    guardImage: values.guardImage ?? `easyfaas/funclet:${values.imageTag}`,
    drainMs: values.drainMs,
    removesAtStop: values.atStop === 'remove',
    isUnsafe: values.unsafe === '1',
    failpoints: values.failpoints,
    logLevel: values.logLevel,
  };
}
