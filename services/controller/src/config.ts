import { isAbsolute, join } from 'node:path';
import { DEFAULT_PACKAGE_LIMITS, type PackageLimits } from '@easyfaas/code-package';
import { EnvReader } from '@easyfaas/service-kit';
import { LIMITS } from '@easyfaas/contracts/wire';
import { anonymousAccessProblem } from './auth/anonymous-authenticator';
import { type ControllerEnv, readControllerEnv } from './env';
import { type ConsoleHosts, readConsoleHosts } from './http/console-hosts';
import { type PodConfig, readPodConfig } from './pods/pod-config';
import { type RegistryConfig, readRegistryConfig } from './registry/registry-config';

export interface ControllerConfig extends Omit<
  ControllerEnv,
  | 'listen'
  | 'funcletSocket'
  | 'idleTimeoutS'
  | 'containerMaxAgeS'
  | 'accountWeights'
  | 'waitS'
  | 'drainS'
  | 'requestTimeoutS'
  | 'unpackedMb'
  | 'packageFiles'
  | 'poolClasses'
  | 'console'
  | 'podAddress'
  | 'podListen'
  | 'podKeyFile'
  | 'pauseAfterS'
  | 'registryEnv'
  | 'streamMb'
  | 'streamStallS'
  | 'callLog'
> {
  listen: { host: string; port: number };
  funcletSocket: string;
  idleTimeoutMs: number;
  /** Of a warm container; Infinity for no limit. */
  containerMaxAgeMs: number;
  /** Of accounts that have another one than 1. */
  accountWeights: ReadonlyMap<string, number>;
  waitMs: number;
  /** Largest streamed answer. */
  streamBytes: number;
  /** How long the client of one may make no room. */
  streamStallMs: number;
  drainMs: number;
  requestTimeoutMs: number;
  packageLimits: PackageLimits;
  consoleHosts: ConsoleHosts;
  /** Its files. */
  consoleDir: string;
  poolClassesMb: number[];
  /** undefined: functions are built in. */
  registry: RegistryConfig | undefined;
  /** undefined: the pod is on its own. */
  pod: PodConfig | undefined;
  /** One of so many warm successes is logged; Infinity: none; undefined: no calls at all. */
  callLogOneOf: number | undefined;
  /** Infinity: idle containers are never frozen. */
  pauseAfterMs: number;
}

/** `<dataDir>/containers/<id>/sock/controller.sock` with an id of 12 characters. */
const CONTAINER_SOCKET_SUFFIX = '/containers/0123456789ab/sock/controller.sock';
const MIB = 1024 * 1024;
const LOCAL_HOSTS = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Names to values, values to rules.
 * @throws ConfigurationError with every problem found
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): ControllerConfig {
  const reader = new EnvReader(env);
  const {
    listen,
    funcletSocket,
    idleTimeoutS,
    containerMaxAgeS,
    containerMaxCalls,
    accountWeights,
    waitS,
    drainS,
    requestTimeoutS,
    unpackedMb,
    packageFiles,
    poolClasses,
    pauseAfterS,
    registryEnv,
    console: consoleNames,
    streamMb,
    streamStallS,
    callLog,
    ...values
  } = readControllerEnv(reader);
  const { dataDir, auth, anonymousAcceptance, redisPrefix, region } = values;
  if (!isAbsolute(dataDir)) reader.problem(`EASYFAAS_DATA_DIR is "${dataDir}", expected an absolute path`);
  if (Buffer.byteLength(dataDir + CONTAINER_SOCKET_SUFFIX) > LIMITS.unixSocketPathBytes) {
    const longest = LIMITS.unixSocketPathBytes - CONTAINER_SOCKET_SUFFIX.length;
    reader.problem(
      `EASYFAAS_DATA_DIR is "${dataDir}", at most ${longest} bytes are possible: the sockets below it would get too long a path`,
    );
  }
  if (!/^[A-Za-z0-9_{}-]{1,64}$/.test(redisPrefix))
    reader.problem(`EASYFAAS_REDIS_PREFIX is "${redisPrefix}", expected letters, digits, _ - { }`);
  if (!/^[a-z0-9-]{1,32}$/.test(region)) reader.problem(`EASYFAAS_REGION is "${region}", expected small letters, digits and -`);
  for (const [accountId, weight] of Object.entries(accountWeights)) {
    if (weight < 1 || weight > 1000) reader.problem(`EASYFAAS_ACCOUNT_WEIGHTS has "${accountId}=${weight}", expected 1 to 1000`);
  }
  if (auth === 'off') {
    const problem = anonymousAccessProblem(anonymousAcceptance);
    if (problem !== undefined) reader.problem(problem);
  }
  const poolClassesMb = poolClasses.map((text) => {
    const classMb = Number(text);
    if (/^\d+$/.test(text) && classMb >= LIMITS.memoryMbMin && classMb <= LIMITS.memoryMbMax) return classMb;
    reader.problem(`EASYFAAS_POOL_CLASSES has "${text}", expected MB from ${LIMITS.memoryMbMin} to ${LIMITS.memoryMbMax}`);
    return LIMITS.memoryMbMin;
  });
  if (!poolClassesMb.includes(LIMITS.memoryMbMin)) {
    reader.problem(`EASYFAAS_POOL_CLASSES lacks ${LIMITS.memoryMbMin}: functions of the least memory would find no container`);
  }
  const pauseAfterMs = pauseAfterS === 'off' ? Infinity : Number(pauseAfterS) * 1000;
  if (pauseAfterS !== 'off' && !/^\d{1,5}(\.\d+)?$/.test(pauseAfterS))
    reader.problem(`EASYFAAS_PAUSE_AFTER_S is "${pauseAfterS}", expected seconds from 0 or "off"`);
  if (callLog !== 'off' && !/^\d{1,9}$/.test(callLog))
    reader.problem(`EASYFAAS_CALL_LOG is "${callLog}", expected a whole number or "off"`);
  const address = readListen(listen, reader);
  const pod = readPodConfig(values, reader);
  const registry = readRegistryConfig(registryEnv, reader);
  const consoleHosts = readConsoleHosts(consoleNames, reader);
  reader.assertValid();
  return {
    ...values,
    // Whoever may name the address may name it as a Host, too; a wildcard is no name.
    allowedHosts: [
      ...LOCAL_HOSTS,
      ...(/^(0\.0\.0\.0|\[?::\]?)$/.test(address.host) ? [] : [address.host]),
      ...values.allowedHosts,
      ...(consoleHosts === 'all' ? [] : consoleHosts),
    ],
    consoleHosts,
    // The build puts it beside the bundle.
    consoleDir: join(__dirname, 'console'),
    listen: address,
    pod,
    registry,
    poolClassesMb,
    pauseAfterMs,
    // 0 says "none of them" in the environment.
    callLogOneOf: callLog === 'off' ? undefined : Number(callLog) || Infinity,
    funcletSocket: funcletSocket ?? join(dataDir, 'run', 'funclet.sock'),
    idleTimeoutMs: idleTimeoutS * 1000,
    // 0 says "no limit" in the environment.
    containerMaxAgeMs: containerMaxAgeS === 0 ? Infinity : containerMaxAgeS * 1000,
    containerMaxCalls: containerMaxCalls === 0 ? Infinity : containerMaxCalls,
    accountWeights: new Map(Object.entries(accountWeights)),
    waitMs: waitS * 1000,
    streamBytes: streamMb * MIB,
    streamStallMs: streamStallS * 1000,
    drainMs: drainS * 1000,
    requestTimeoutMs: requestTimeoutS * 1000,
    packageLimits: { ...DEFAULT_PACKAGE_LIMITS, unpackedBytes: unpackedMb * MIB, fileBytes: unpackedMb * MIB, files: packageFiles },
  };
}

function readListen(text: string, reader: EnvReader): { host: string; port: number } {
  const match = /^(\[[0-9a-fA-F:]+\]|[^:[\]]+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match?.[1] !== undefined && port <= 65_535) return { host: match[1], port };
  reader.problem(`EASYFAAS_LISTEN is "${text}", expected host:port such as 127.0.0.1:8080`);
  return { host: '127.0.0.1', port: 0 };
}
