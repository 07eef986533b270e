import { LIMITS } from '@easyfaas/contracts/wire';
import { type EnvReader, LOG_LEVELS, type LogLevel } from '@easyfaas/service-kit';
import { type AsyncSettings, readAsyncSettings } from './async/env';
import { type KeptPayloadSettings, readKeptPayloadSettings } from './records/env';
import { type TraceSettings, readTraceSettings } from './traces/env';
import { type RegistryEnv, readRegistryEnv } from './registry/registry-config';

const MIB = 1024 * 1024;

/** The controller's environment by name, typed; rules over several values are in config.ts. */
export interface ControllerEnv {
  listen: string;
  dataDir: string;
  packagesDir: string | undefined;
  podId: string | undefined;
  podAddress: string | undefined;
  podListen: string | undefined;
  podKeyFile: string | undefined;
  redisUrl: string;
  redisUsername: string | undefined;
  redisPassword: string | undefined;
  redisPrefix: string;
  secretsKeyFile: string | undefined;
  funcletSocket: string | undefined;
  runtimesDir: string;
  runtimes: string[];
  esbuild: string | undefined;
  poolMin: Record<string, number>;
  poolMinEgress: number;
  egress: 'on' | 'off';
  poolCap: Record<string, number>;
  poolClasses: string[];
  poolMax: number;
  idleTimeoutS: number;
  pauseAfterS: string;
  pausesProvisioned: boolean;
  containerMaxAgeS: number;
  containerMaxCalls: number;
  accountWeights: Record<string, number>;
  waitS: number;
  waitingMax: number;
  accountConcurrency: number;
  payloadsMb: number;
  streamMb: number;
  streamStallS: number;
  async: AsyncSettings;
  registryEnv: RegistryEnv;
  unpackedMb: number;
  packageFiles: number;
  allowedHosts: string[];
  allowedOrigins: string[];
  console: string[];
  auth: 'on' | 'off';
  anonymousAcceptance: string | undefined;
  mustResetAdminKey: boolean;
  region: string;
  logLevel: LogLevel;
  callLog: string;
  traces: TraceSettings;
  keptPayloads: KeptPayloadSettings;
  drainS: number;
  requestTimeoutS: number;
  version: string;
}

/** Reads `process.env`; what is wrong is noted in the reader. */
export function readControllerEnv(reader: EnvReader): ControllerEnv {
  return {
    listen: reader.text('EASYFAAS_LISTEN', '127.0.0.1:8080'),
    dataDir: reader.text('EASYFAAS_DATA_DIR', '/var/lib/easyfaas'),
    packagesDir: reader.optionalText('EASYFAAS_PACKAGES_DIR'),
    podId: reader.optionalText('EASYFAAS_POD_ID'),
    podAddress: reader.optionalText('EASYFAAS_POD_ADDRESS'),
    podListen: reader.optionalText('EASYFAAS_POD_LISTEN'),
    podKeyFile: reader.optionalText('EASYFAAS_POD_KEY_FILE'),
    redisUrl: reader.text('EASYFAAS_REDIS_URL', 'redis://127.0.0.1:6379'),
    redisUsername: reader.optionalText('EASYFAAS_REDIS_USERNAME'),
    redisPassword: reader.secret('EASYFAAS_REDIS_PASSWORD', 'EASYFAAS_REDIS_PASSWORD_FILE'),
    secretsKeyFile: reader.optionalText('EASYFAAS_SECRETS_KEY_FILE'),
    redisPrefix: reader.text('EASYFAAS_REDIS_PREFIX', 'easyfaas'),
    funcletSocket: reader.optionalText('EASYFAAS_FUNCLET_SOCKET'),
    runtimesDir: reader.text('EASYFAAS_RUNTIMES_DIR', 'runtimes'),
    runtimes: reader.list('EASYFAAS_RUNTIMES', []),
    esbuild: reader.optionalText('EASYFAAS_ESBUILD'),
    poolMin: reader.integersByName('EASYFAAS_POOL_MIN', {}),
    poolMinEgress: reader.integer('EASYFAAS_POOL_MIN_EGRESS', 0, { min: 0, max: 100 }),
    egress: reader.choice('EASYFAAS_EGRESS', 'on', ['on', 'off'] as const),
    poolCap: reader.integersByName('EASYFAAS_POOL_CAP', {}),
    poolClasses: reader.list('EASYFAAS_POOL_CLASSES', ['128']),
    poolMax: reader.integer('EASYFAAS_POOL_MAX', 64, { min: 1, max: 1000 }),
    idleTimeoutS: reader.integer('EASYFAAS_IDLE_TIMEOUT_S', 300, { min: 1, max: 86_400 }),
    pauseAfterS: reader.text('EASYFAAS_PAUSE_AFTER_S', '10'),
    pausesProvisioned: reader.choice('EASYFAAS_PAUSE_PROVISIONED', 'no', ['yes', 'no'] as const) === 'yes',
    containerMaxAgeS: reader.integer('EASYFAAS_CONTAINER_MAX_AGE_S', 21_600, { min: 0, max: 31_536_000 }),
    containerMaxCalls: reader.integer('EASYFAAS_CONTAINER_MAX_CALLS', 0, { min: 0, max: 1_000_000_000 }),
    accountWeights: reader.integersByName('EASYFAAS_ACCOUNT_WEIGHTS', {}),
    waitS: reader.decimal('EASYFAAS_WAIT_S', 9, { min: 0.1, max: 900 }),
    waitingMax: reader.integer('EASYFAAS_WAITING_MAX', 1000, { min: 0, max: 100_000 }),
    accountConcurrency: reader.integer('EASYFAAS_ACCOUNT_CONCURRENCY', 1000, { min: 1, max: 100_000 }),
    payloadsMb: reader.integer('EASYFAAS_PAYLOADS_MB', 256, { min: 8, max: 1_000_000 }),
    streamMb: reader.integer('EASYFAAS_STREAM_MB', LIMITS.streamBytes / MIB, { min: 1, max: 1_000_000 }),
    streamStallS: reader.integer('EASYFAAS_STREAM_STALL_S', 60, { min: 1, max: 900 }),
    async: readAsyncSettings(reader),
    registryEnv: readRegistryEnv(reader),
    unpackedMb: reader.integer('EASYFAAS_UNPACKED_MB', LIMITS.unpackedBytes / MIB, { min: 1, max: 10_240 }),
    packageFiles: reader.integer('EASYFAAS_PACKAGE_FILES', LIMITS.packageFiles, { min: 1, max: 1_000_000 }),
    allowedHosts: reader.list('EASYFAAS_ALLOWED_HOSTS', []),
    allowedOrigins: reader.list('EASYFAAS_ALLOWED_ORIGINS', []),
    console: reader.list('EASYFAAS_CONSOLE', ['on']),
    auth: reader.choice('EASYFAAS_AUTH', 'on', ['on', 'off'] as const),
    anonymousAcceptance: reader.optionalText('EASYFAAS_I_ACCEPT_ANONYMOUS_CODE_EXECUTION'),
    mustResetAdminKey: reader.choice('EASYFAAS_RESET_ADMIN_KEY', 'no', ['yes', 'no'] as const) === 'yes',
    region: reader.text('EASYFAAS_REGION', 'local'),
    logLevel: reader.choice<LogLevel>('EASYFAAS_LOG_LEVEL', 'info', LOG_LEVELS),
    callLog: reader.text('EASYFAAS_CALL_LOG', '100'),
    traces: readTraceSettings(reader),
    keptPayloads: readKeptPayloadSettings(reader),
    drainS: reader.integer('EASYFAAS_DRAIN_S', 25, { min: 0, max: 900 }),
    requestTimeoutS: reader.integer('EASYFAAS_REQUEST_TIMEOUT_S', 30, { min: 1, max: 3600 }),
    // Written into the bundle by the build.
    version: process.env['EASYFAAS_BUILD_VERSION'] ?? 'development',
  };
}
