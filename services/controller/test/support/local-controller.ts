import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMetrics, EnvReader, ServiceError, silentLogger, systemClock, systemIds } from '@easyfaas/service-kit';
import type { ContainerState, InvocationRecord, StoredFunction } from '@easyfaas/contracts/wire';
import { type AsyncEngine, createAsyncEngine } from '../../src/async/async-engine';
import { type AsyncSettings, readAsyncSettings } from '../../src/async/env';
import { FuncletClient } from '../../src/clients/funclet-client';
import { type Engine, createEngine } from '../../src/engine';
import type { FunctionChange, FunctionDirectory } from '../../src/functions/function-directory';
import { commitOf } from '../../src/functions/commit-id';
import { createFrontDoor, createFrontServer } from '../../src/http/front-door';
import { ClientConnections } from '../../src/invoke/client-connections';
import { FrontRequest } from '../../src/invoke/front-request';
import { DispatcherInvoker } from '../../src/invoke/dispatcher-invoker';
import type { EventPath } from '../../src/invoke/event-path';
import { createHotPath } from '../../src/invoke/hot-path';
import { PayloadBudget } from '../../src/invoke/payload-budget';
import { type PlainFront, readPlainRequestsFirst } from '../../src/plain/plain-front';
import { SecretBox } from '../../src/secrets/secret-box';
import { PASSED_TRACES } from '../../src/traces/passed-traces';
import type { Traces } from '../../src/traces/traces';
import { shelvesOf } from '../../src/pool/shelves';
import { eventually } from '../eventually';
import { connectTo } from '../redis-server';
import { FakeFunclet } from './fake-funclet';

const NO_EVENTS: EventPath = {
  intake: { accept: () => Promise.reject(new ServiceError('QUEUE_UNAVAILABLE', 'There is no Redis.')) },
  payloadLimitBytes: 1,
  chain: () => Promise.reject(new ServiceError('STORE_UNAVAILABLE', 'There is no Redis.')),
  keptCalls: {
    claim: () => Promise.reject(new ServiceError('STORE_UNAVAILABLE', 'There is no Redis.')),
    keep: () => Promise.reject(new ServiceError('STORE_UNAVAILABLE', 'There is no Redis.')),
    release: () => Promise.reject(new ServiceError('STORE_UNAVAILABLE', 'There is no Redis.')),
  },
};

const NO_PAYLOADS = { add: () => undefined, find: async () => undefined, forget: async () => undefined };
const MIB = 1024 * 1024;

export interface LocalFunction {
  source: string;
  timeoutSeconds?: number;
  concurrency?: number;
  reserved?: number;
  accountId?: string;
}

export interface LocalOptions {
  poolMin?: number;
  poolMax?: number;
  waitMs?: number;
  idleTimeoutMs?: number;
  /** With it, events are taken and run. */
  redis?: { url: string; prefix: string };
  async?: Partial<AsyncSettings>;
  pauseAfterMs?: number;
  maxAgeMs?: number;
  maxCalls?: number;
  lineLimit?: number;
  accountConcurrency?: number;
  /** Of whoever calls. */
  accountId?: string;
  region?: string;
  streamBytes?: number;
  streamStallMs?: number;
  traces?: Traces;
}

/** Functions in memory. */
export class MemoryDirectory implements FunctionDirectory {
  readonly #byName = new Map<string, StoredFunction>();
  readonly #listeners: ((change: FunctionChange) => void)[] = [];

  put(stored: StoredFunction): void {
    this.#byName.set(stored.configuration.FunctionName, stored);
    this.#tell({ accountId: stored.accountId, functionName: stored.configuration.FunctionName, commitId: stored.configuration.CommitId });
  }

  /** Sum of the reservations. */
  setAside(): number {
    return [...this.#byName.values()].reduce((sum, { concurrency }) => sum + (concurrency.ReservedConcurrentExecutions ?? 0), 0);
  }

  delete(functionName: string): void {
    this.#byName.delete(functionName);
    this.#tell({ accountId: 'default', functionName });
  }

  find(_accountId: string, functionName: string): StoredFunction {
    const stored = this.#byName.get(functionName);
    if (stored === undefined) throw new ServiceError('FUNCTION_NOT_FOUND', functionName);
    return stored;
  }

  peek(functionName: string): StoredFunction | undefined {
    return this.#byName.get(functionName);
  }

  async *provisioned(): AsyncGenerator<StoredFunction> {
    for (const stored of this.#byName.values()) if (stored.provisioned !== undefined) yield stored;
  }

  /** Of a controller that has ended. */
  forgetListeners(): void {
    this.#listeners.length = 0;
  }

  onChange(listener: (change: FunctionChange) => void): void {
    this.#listeners.push(listener);
  }

  onVersionDeleted(): void {
    // There are no versions in these tests.
  }

  #tell(change: FunctionChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}

/** The invocation half of a controller in this process, over a {@link FakeFunclet}; no Redis, one key. */
export class LocalController {
  readonly funclet: FakeFunclet;
  readonly directory = new MemoryDirectory();
  readonly records: InvocationRecord[] = [];
  registry = createMetrics('controller');
  /** Memory of payloads and streams. */
  readonly payloads = new PayloadBudget(256 * MIB);
  readonly #options: LocalOptions;
  #engine: Engine | undefined;
  #async: AsyncEngine | undefined;
  #closeRedis: (() => void) | undefined;
  #client: FuncletClient | undefined;
  #server: Server | undefined;
  #plainFront: PlainFront | undefined;
  #sequence = 0;

  constructor(options: LocalOptions = {}) {
    this.#options = options;
    this.funclet = new FakeFunclet(mkdtempSync(join(tmpdir(), 'ef-')));
  }

  async start(port = 0): Promise<void> {
    await this.funclet.start();
    await this.startController(port);
  }

  async startController(port = 0): Promise<void> {
    const { poolMin = 1, poolMax = 8, waitMs = 9000, idleTimeoutMs = 300_000, pauseAfterMs = Infinity } = this.#options;
    const { maxAgeMs = Infinity, maxCalls = Infinity, lineLimit = 1000, accountConcurrency = 1000 } = this.#options;
    const { streamBytes = 200 * MIB, streamStallMs = 60_000 } = this.#options;
    this.registry = createMetrics('controller');
    const client = new FuncletClient(this.funclet.socketPath, systemIds);
    this.#client = client;
    const engine = createEngine({
      clock: systemClock,
      ids: systemIds,
      logger: silentLogger(),
      registry: this.registry,
      funclet: client,
      directory: this.directory,
      keptPayloads: NO_PAYLOADS,
      traces: this.#options.traces ?? PASSED_TRACES,
      records: { add: (record) => void this.records.push(record) },
      shelves: shelvesOf({ runtimes: ['nodejs20'], classesMb: [128], minimums: { nodejs20: poolMin }, caps: {}, networks: ['none'] }),
      poolMax,
      idleTimeoutMs,
      pauseAfterMs,
      pausesProvisioned: false,
      liveRuntimes: new Set(['nodejs20']),
      provisionedStore: {
        get: async (_accountId, functionName) => this.directory.peek(functionName),
        provisioned: () => this.directory.provisioned(),
        versionOf: async () => undefined,
      },
      waitMs,
      streamBytes,
      containerMaxAgeMs: maxAgeMs,
      containerMaxCalls: maxCalls,
      accountWeights: new Map(),
      lineLimit,
      accountConcurrency,
      loadSetAside: async () => this.directory.setAside(),
      secretsOf: () => ({}),
      taskRoot: (containerId) => this.funclet.taskRoot(containerId),
    });
    this.#engine = engine;
    await this.#startEvents(engine);
    const clients = new ClientConnections(systemClock);
    const hotPath = createHotPath({
      clock: systemClock,
      logger: silentLogger(),
      frontDoor: createFrontDoor({ allowedHosts: ['127.0.0.1'], allowedOrigins: [], newRequestId: randomUUID }),
      authenticator: {
        authenticate: () => ({ keyId: 'test', accountId: this.#options.accountId ?? 'default', scopes: ['admin'] }),
        isValid: () => true,
      },
      directory: this.directory,
      dispatcher: engine.dispatcher,
      region: this.#options.region ?? 'local',
      clients,
      events: this.#async?.path ?? NO_EVENTS,
      payloads: this.payloads,
      streamStallMs,
      api: (_request, response) => void response.writeHead(404).end(),
      isDraining: () => false,
    });
    const server = createFrontServer(hotPath.onRequest, { requestClass: FrontRequest, keepAliveTimeoutMs: 0 });
    this.#plainFront = readPlainRequestsFirst(server, {
      onRequest: hotPath.onPlainRequest,
      clients,
      isDraining: () => false,
      clock: systemClock,
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    engine.start();
  }

  async #startEvents(engine: Engine): Promise<void> {
    const { redis } = this.#options;
    if (redis === undefined) return;
    const client = await connectTo({ ...redis, stop: async () => undefined });
    const clock = systemClock;
    this.#closeRedis = client.close;
    this.#async = createAsyncEngine({
      secretBox: new SecretBox(randomBytes(32)),
      clock,
      ids: systemIds,
      logger: silentLogger(),
      registry: this.registry,
      redis: { url: redis.url, logger: silentLogger() },
      notices: client.notices,
      prefix: redis.prefix,
      region: this.#options.region ?? 'local',
      directory: this.directory,
      invoker: new DispatcherInvoker({ clock, directory: this.directory, dispatcher: engine.dispatcher }),
      records: { add: (record) => void this.records.push(record) },
      keptPayloads: NO_PAYLOADS,
      payloads: this.payloads,
      waitingCalls: engine.waitingCalls,
      settings: { ...readAsyncSettings(new EnvReader({})), ...this.#options.async },
    });
    const { store } = this.#async;
    await eventually(() => store.count('open', 'default', 'none'), 20_000);
    this.#async.start();
  }

  get events(): AsyncEngine {
    if (this.#async === undefined) throw new Error('started without Redis');
    return this.#async;
  }

  /** Ends like a controller that crashed: containers live on and dial again. */
  async stopController(): Promise<void> {
    await this.#async?.stop();
    this.#closeRedis?.();
    this.#engine?.stop();
    this.directory.forgetListeners();
    this.#client?.close();
    this.#server?.closeAllConnections();
    this.#plainFront?.closeAll();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  async stop(): Promise<void> {
    await this.stopController();
    await this.funclet.stop();
  }

  get url(): string {
    const address = this.#server?.address();
    if (typeof address !== 'object' || address === null) throw new Error('not listening');
    return `http://127.0.0.1:${address.port}`;
  }

  get engine(): Engine {
    if (this.#engine === undefined) throw new Error('not started');
    return this.#engine;
  }

  /** Id of the only container in one of the states. */
  onlyId(...states: ContainerState[]): string {
    const found = this.funclet.views().filter(({ state }) => states.includes(state));
    const [only] = found;
    if (only === undefined || found.length > 1) throw new Error(`${found.length} containers are ${states.join(' or ')}`);
    return only.containerId;
  }

  deploy(
    functionName: string,
    { source, timeoutSeconds = 3, concurrency = 1, reserved, accountId = 'default' }: LocalFunction,
  ): StoredFunction {
    const sha256 = String(++this.#sequence).padStart(64, '0');
    this.funclet.addSource(sha256, source);
    const provisioned = this.directory.peek(functionName)?.provisioned;
    const stored: StoredFunction = {
      ...(provisioned === undefined ? {} : { provisioned }),
      accountId,
      configuration: {
        FunctionName: functionName,
        FunctionArn: `brn:cloud:faas:local:default:function:${functionName}`,
        Uid: 'default',
        Version: '$LATEST',
        Description: '',
        Runtime: 'nodejs20',
        Handler: 'index.handler',
        Timeout: timeoutSeconds,
        MemorySize: 128,
        Environment: { Variables: {} },
        PodConcurrentQuota: concurrency,
        NetworkMode: 'none',
        Tags: {},
        CodeSha256: sha256,
        CodeSize: source.length,
        CommitId: '',
        RevisionId: randomUUID(),
        LastModified: new Date().toISOString(),
        State: 'Active',
      },
      concurrency: reserved === undefined ? {} : { ReservedConcurrentExecutions: reserved },
      code: { sha256, sizeBytes: source.length },
    };
    return this.#put(stored);
  }

  /** Keeps so many executions warm; 0 for none. */
  provision(functionName: string, executions: number): void {
    const { provisioned, ...stored } = this.directory.find('default', functionName);
    const kept = { ...provisioned, $LATEST: { ProvisionedConcurrentExecutions: executions, LastModified: new Date().toISOString() } };
    this.#put(executions === 0 ? stored : { ...stored, provisioned: kept });
  }

  /** Changes a function's memory and nothing else. */
  setMemory(functionName: string, memoryMb: number): StoredFunction {
    const stored = this.directory.find('default', functionName);
    return this.#put({ ...stored, configuration: { ...stored.configuration, MemorySize: memoryMb } });
  }

  #put(stored: StoredFunction): StoredFunction {
    const named = { ...stored, configuration: { ...stored.configuration, CommitId: commitOf(stored).commitId } };
    this.directory.put(named);
    return named;
  }

  async invoke(
    functionName: string,
    payload: unknown = {},
    headers: Record<string, string> = {},
    signal?: AbortSignal,
  ): Promise<LocalAnswer> {
    const response = await fetch(`${this.url}/v1/functions/${functionName}/invocations`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(payload),
      signal: signal ?? AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text };
  }
}

export interface LocalAnswer {
  status: number;
  headers: Headers;
  text: string;
}
