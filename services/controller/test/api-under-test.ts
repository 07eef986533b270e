import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_PACKAGE_LIMITS } from '@easyfaas/code-package';
import { LIMITS, type RuntimeManifest } from '@easyfaas/contracts/wire';
import { EnvReader, ServiceError, createMetrics, silentLogger, systemClock, systemIds, type Logger } from '@easyfaas/service-kit';
import { createAsyncEngine } from '../src/async/async-engine';
import { readAsyncSettings } from '../src/async/env';
import { AdminKey } from '../src/auth/admin-key';
import { AdminKeyFile } from '../src/auth/admin-key-file';
import { KeyAuthenticator } from '../src/auth/key-authenticator';
import { createKeySeal } from '../src/auth/key-seal';
import { KeyService } from '../src/auth/key-service';
import { RedisKeyStore } from '../src/auth/redis-key-store';
import { SignatureAuthenticator } from '../src/auth/signature/signature-authenticator';
import { CachedFunctionDirectory } from '../src/functions/cached-function-directory';
import { DiskPackageStore } from '../src/functions/disk-package-store';
import { FunctionService } from '../src/functions/function-service';
import { ProvisionedService } from '../src/functions/provisioned-service';
import { Reservations } from '../src/functions/reservations';
import { RedisFunctionStore } from '../src/functions/redis-function-store';
import { TypeScriptCompiler, installedEsbuild } from '../src/functions/typescript-compiler';
import { createApi } from '../src/http/api';
import { createFrontDoor } from '../src/http/front-door';
import { createFrontServer } from '../src/http/front-server';
import type { PoolContainer, PoolReader } from '../src/http/pool-reader';
import { setRequestContext } from '../src/http/request-context';
import { sendError } from '../src/http/send-error';
import { SecretBox } from '../src/secrets/secret-box';
import { RedisRecords } from '../src/records/redis-records';
import { pingRedis } from '../src/redis-connection';
import { PayloadBudget } from '../src/invoke/payload-budget';
import { readKeptPayloadSettings } from '../src/records/env';
import { RedisKeptPayloads } from '../src/records/redis-kept-payloads';
import type { InvocationRequest, InvocationResult } from '../src/invoke/invoker';
import type { NewEvent } from '../src/async/event-intake';
import { openTriggerStores } from '../src/triggers/redis-trigger-stores';
import { type Triggers, type TriggersOptions, createTriggers } from '../src/triggers/triggers';
import { MemoryIntake } from './support/memory-intake';
import { eventually } from './eventually';
import { connectWithoutWaiting, type RedisClient } from './redis-server';

/** The controller's front half on a port of its own; pool and funclet are fakes. */
export interface ApiUnderTest {
  port: number;
  url: string;
  dataDir: string;
  adminKey(): Promise<string>;
  adminKeyId(): string;
  directory: CachedFunctionDirectory;
  records: RedisRecords;
  client: RedisClient;
  /** Packages that the funclet was asked to prepare. */
  prepared: string[];
  /** What the funclet answers to that; undefined: nothing is wrong. */
  preparing: { failure?: ServiceError | undefined };
  poolResets: string[];
  /** Events that triggers handed over. */
  events: NewEvent[];
  /** What calls of triggers answer; the fake function echoes its event unless this is set. */
  invoker: { answer: (request: InvocationRequest) => InvocationResult | Promise<InvocationResult> };
  triggers: Triggers;
  intake: MemoryIntake;
  functionStore: RedisFunctionStore;
  stop(): Promise<void>;
}

export const RUNTIMES: ReadonlyMap<string, RuntimeManifest> = new Map(
  [
    {
      name: 'nodejs20',
      aliases: ['nodejs20.x'],
      title: 'Node.js 20',
      command: '/usr/local/bin/node',
      args: [],
      handlerPattern: '^[A-Za-z0-9_./-]+\\.[A-Za-z_$][A-Za-z0-9_$]*$',
      handlerExample: 'index.handler',
      entryFile: 'index.js',
      sourceContentTypes: ['text/javascript', 'application/javascript', 'text/typescript'],
      image: 'easyfaas/runtime-nodejs20',
    },
    {
      name: 'python3',
      aliases: ['python3.12'],
      title: 'Python 3',
      command: '/usr/bin/python3',
      args: [],
      handlerPattern: '^[A-Za-z0-9_./-]+\\.[A-Za-z_][A-Za-z0-9_]*$',
      handlerExample: 'index.handler',
      entryFile: 'index.py',
      sourceContentTypes: ['text/x-python'],
      image: 'easyfaas/runtime-python3',
    },
  ].map((manifest) => [manifest.name, manifest]),
);

export interface ApiOptions {
  redisUrl: string;
  prefix: string;
  requestTimeoutMs?: number;
  dataDir?: string;
  logger?: Logger;
  /** False when the API is to start without it. */
  isRedisThere?: boolean;
  triggerOptions?: Partial<TriggersOptions>;
  region?: string;
}

export const CONTAINER: PoolContainer & { token: string; socketDirectory: string } = {
  containerId: '0123456789ab',
  revision: 1,
  state: 'warm',
  reason: 'loaded',
  runtime: 'nodejs20',
  network: 'none',
  memoryMb: 128,
  classMb: 128,
  createdAtMs: 0,
  stateSinceMs: 0,
  history: [],
  token: 'the-secret-token',
  socketDirectory: '/somewhere',
};

export async function startApi({
  redisUrl,
  prefix,
  requestTimeoutMs,
  dataDir: given,
  isRedisThere = true,
  triggerOptions = {},
  region = 'local',
  logger = silentLogger(),
}: ApiOptions): Promise<ApiUnderTest> {
  const dataDir = given ?? (await mkdtemp(join(tmpdir(), 'easyfaas-data-')));
  const clock = systemClock;
  const client = connectWithoutWaiting(redisUrl);
  const backing = { ...client, prefix };
  const keyStore = new RedisKeyStore(backing);
  const store = new RedisFunctionStore(backing);
  const file = new AdminKeyFile(dataDir);
  const secretBox = new SecretBox(Buffer.alloc(32, 7));
  const seal = createKeySeal(secretBox);
  const adminKey = new AdminKey({ store: keyStore, file, clock, random: randomBytes, seal, logger, mustReset: false });
  const packages = new DiskPackageStore({ dataDir, packageBytes: LIMITS.packageBytes, limits: DEFAULT_PACKAGE_LIMITS, clock, logger });
  const records = new RedisRecords({ ...backing, clock, logger, onDropped: () => undefined });
  const prepared: string[] = [];
  const preparing: ApiUnderTest['preparing'] = {};
  const poolResets: string[] = [];
  const pool: PoolReader = {
    callsOf: () => new Map([['fn-1', 7]]),
    list: () => ({ recommendation: 1, containers: [CONTAINER] }),
    get: (containerId) => (containerId === CONTAINER.containerId ? CONTAINER : undefined),
    resource: () => ({ memory: { totalMb: 1500, reservedMb: 136 } }),
    resize: async (containerId, memoryMb) => {
      if (containerId !== CONTAINER.containerId)
        throw new ServiceError('CONTAINER_NOT_FOUND', 'No container has this id; it may have been reset.');
      poolResets.push(`${containerId} to ${memoryMb} MB`);
      return { ...CONTAINER, memoryMb };
    },
    reset: async (containerId, reason) => {
      poolResets.push(`${containerId} ${reason}`);
      return CONTAINER;
    },
    replace: async (containerId, reason) => {
      poolResets.push(`${containerId} replaced: ${reason}`);
      return CONTAINER;
    },
  };
  const authenticator = new KeyAuthenticator({
    store: keyStore,
    clock,
    logger,
    onUnsealed: (keyId, credential) => void keyStore.addSealed(keyId, seal.seal(keyId, credential)),
  });
  const directory = new CachedFunctionDirectory({ store, clock, logger, random: Math.random });
  const intake = new MemoryIntake(directory);
  const invoker: ApiUnderTest['invoker'] = { answer: echo };
  const signatures = new SignatureAuthenticator({ store: keyStore, seal, authenticator, clock, logger });
  const triggers = await createTriggers({
    dataDir,
    region: 'local',
    allowedOrigins: ['http://console.test'],
    async: { urlAllow: [] },
    stores: openTriggerStores({ ...backing, address: { url: redisUrl, logger }, podId: randomUUID(), clock, logger }),
    authenticator,
    signatures,
    directory,
    intake,
    invoker: { invoke: async (request) => invoker.answer(request) },
    payloads: new PayloadBudget(256 * 1024 * 1024),
    streamStallMs: 60_000,
    clock,
    logger,
    ...triggerOptions,
  });
  const reservations = new Reservations({ store, accountLimit: 1000 });
  const functions = new FunctionService({
    store,
    reservations,
    packages,
    runtimes: RUNTIMES,
    region,
    clock,
    newRevisionId: randomUUID,
    logger,
    admitNetwork: () => undefined,
    unpackedBytesMax: DEFAULT_PACKAGE_LIMITS.unpackedBytes,
    secretBox,
    prepareCode: async (sha256) => {
      prepared.push(sha256);
      if (preparing.failure !== undefined) throw preparing.failure;
    },
  });
  const keptPayloads = new RedisKeptPayloads({
    ...{ redis: client.redis, prefix, clock, logger },
    registry: createMetrics('controller'),
    settings: readKeptPayloadSettings(new EnvReader({})),
  });
  const events = createAsyncEngine({
    clock,
    ids: systemIds,
    logger,
    registry: createMetrics('controller'),
    redis: { url: redisUrl, logger },
    notices: client.notices,
    prefix,
    region: 'local',
    directory,
    invoker: { invoke: () => Promise.reject(new Error('nothing is run here')) },
    records,
    keptPayloads,
    payloads: new PayloadBudget(256 * 1024 * 1024),
    waitingCalls: () => 0,
    settings: readAsyncSettings(new EnvReader({})),
    secretBox,
  });
  const api = createApi({
    logger,
    clock,
    version: '1.2.3',
    webConsole: { consoleHosts: 'all', consoleDir: join(__dirname, 'fixtures', 'console') },
    authenticator,
    triggers,
    signatures,
    keys: new KeyService({ store: keyStore, clock, random: randomBytes, seal }),
    functions,
    reservations,
    packageReader: packages,
    provisioned: new ProvisionedService({
      functions,
      directory: { find: (accountId, functionName) => functions.read(accountId, functionName) },
      keeper: { view: () => undefined, total: () => ({ memoryMb: 500, containers: 1 }), refresh: () => Promise.resolve() },
      clock,
      accountLimit: 1000,
      poolMax: 64,
      budget: () => ({ memoryMb: 1500, overheadMb: 8 }),
    }),
    records,
    events,
    invoker: { invoke: async (request) => invoker.answer(request) },
    payloads: new PayloadBudget(256 * 1024 * 1024),
    streamStallMs: 60_000,
    pool,
    pods: { view: () => ({ podId: 'test', pods: [] }) },
    runtimes: RUNTIMES,
    typescript: new TypeScriptCompiler(installedEsbuild()),
    readiness: [
      { name: 'redis', check: () => pingRedis(client.redis) },
      { name: 'admin key', check: () => adminKey.check() },
    ],
    metrics: { contentType: 'text/plain', metrics: async () => 'easyfaas_up 1\n' },
  });
  const frontDoor = createFrontDoor({
    allowedHosts: ['localhost', '127.0.0.1', '[::1]'],
    allowedOrigins: ['http://console.test'],
    newRequestId: () => systemIds.requestId(),
  });
  const server = createFrontServer(
    (request, response) => {
      const { requestId, refusal } = frontDoor(request);
      if (refusal !== undefined) {
        sendError(response, refusal, requestId);
        return;
      }
      setRequestContext(request, { requestId });
      api(request, response);
    },
    requestTimeoutMs === undefined ? {} : { requestTimeoutMs },
  );
  await packages.start();
  await adminKey.start();
  if (isRedisThere) await triggers.start();
  if (isRedisThere) await eventually(() => adminKey.check(), 20_000);
  const port = await listen(server);
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    dataDir,
    adminKey: async () => (await file.read()) ?? '',
    adminKeyId: () => readFileSync(file.path, 'utf8').split('_')[1] ?? '',
    directory,
    events: intake.events,
    invoker,
    triggers,
    intake,
    functionStore: store,
    records,
    client,
    prepared,
    preparing,
    poolResets,
    stop: async () => {
      await triggers.stop();
      await events.stop();
      adminKey.stop();
      packages.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      client.close();
      if (given === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function echo({ requestId, payload }: InvocationRequest): InvocationResult {
  return { kind: 'success', requestId, stages: { totalMs: 1 }, contentType: 'application/json', body: payload };
}
