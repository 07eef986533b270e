import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { CONTAINER_PATHS } from '@easyfaas/contracts/wire';
import { type Logger, type Service, createMetrics, systemClock, systemIds } from '@easyfaas/service-kit';
import { type AsyncEngine, createAsyncEngine } from './async/async-engine';
import { createAuthentication } from './auth/authentication';
import { createCallWriting } from './call-writing';
import type { ControllerConfig } from './config';
import { drained } from './drained';
import { type Engine, createEngine } from './engine';
import { engineSettings } from './engine-settings';
import { createFunctionManagement } from './functions/function-management';
import { ProvisionedService } from './functions/provisioned-service';
import { provisionedStore } from './functions/provisioned-store';
import { Reservations } from './functions/reservations';
import { loadRuntimeCatalogue } from './functions/runtime-catalogue';
import { createApi } from './http/api';
import { createFrontDoor, createFrontServer } from './http/front-door';
import { ClientConnections } from './invoke/client-connections';
import { FrontRequest } from './invoke/front-request';
import { DispatcherInvoker } from './invoke/dispatcher-invoker';
import { createHotPath } from './invoke/hot-path';
import { PayloadBudget } from './invoke/payload-budget';
import { lockDataDirectory } from './pods/data-directory-lock';
import { type PlainFront, readPlainRequestsFirst } from './plain/plain-front';
import { type Pods, createPods } from './pods/pods';
import { readinessChecks } from './readiness-checks';
import { createFunctionSource } from './registry/function-source';
import { SecretBox } from './secrets/secret-box';
import { loadSecretKey } from './secrets/secret-key-file';
import { createTriggers } from './triggers/triggers';
import { openStores, redisAddress } from './redis-stores';

/** The composition root: every part is made here and handed what it needs. */
export class Controller implements Service {
  readonly #config: ControllerConfig;
  readonly #logger: Logger;
  /** In the order of opening: closed from the end. */
  readonly #closers: (() => void | Promise<void>)[] = [];
  #server: Server | undefined;
  #plainFront: PlainFront | undefined;
  #async: AsyncEngine | undefined;
  #pods: Pods | undefined;
  #isDraining = false;

  constructor(config: ControllerConfig, logger: Logger) {
    this.#config = config;
    this.#logger = logger;
  }

  async start(): Promise<void> {
    const config = this.#config;
    const logger = this.#logger;
    const clock = systemClock;
    this.#closers.push(lockDataDirectory(config));
    const registry = createMetrics('controller');
    const runtimes = await loadRuntimeCatalogue(config.runtimesDir, config.runtimes);
    const stores = openStores(config, { registry, logger });
    const { records, keyStore, notices, redis, triggerStores } = stores;
    this.#closers.push(stores.close);
    const isDraining = (): boolean => this.#isDraining;
    const source = createFunctionSource(config.registry, { builtIn: stores.functionStore, runtimes, clock, logger });
    const { store: functionStore, registryPackages } = source;
    const held = { ...stores, functionStore };
    const pods = createPods({ config, clock, ids: systemIds, logger, metrics: registry, stores: held, registryPackages, isDraining });
    this.#pods = pods;
    const written = createCallWriting(config, { records, redis, clock, logger, registry, podId: pods.podId });
    const secretBox = new SecretBox(await loadSecretKey(config));
    const callers = createAuthentication(config, { keyStore, secretBox, clock, logger });
    const { adminKey } = callers;

    const accountLimit = config.accountConcurrency;
    const reservations = new Reservations({ store: functionStore, accountLimit });
    const management = createFunctionManagement({
      config,
      store: functionStore,
      directory: source.directory,
      packages: pods.packages,
      runtimes,
      funclet: pods.funclet,
      secretBox,
      reservations,
      admitNetwork: (settings) => engine.admitNetwork(settings),
      clock,
      logger,
    });
    const { directory, service: functions, typescript, secretsOf } = management;
    const settings = engineSettings(config, runtimes);
    const engine: Engine = createEngine({
      clock,
      ids: systemIds,
      logger,
      registry,
      funclet: pods.funclet,
      directory,
      provisionedStore: provisionedStore(functionStore),
      ...written,
      ...settings,
      loadSetAside: (accountId) => reservations.sum(accountId),
      secretsOf,
      taskRoot: () => CONTAINER_PATHS.task,
      overflow: pods.overflow,
      podId: pods.podId,
    });
    const invoker = new DispatcherInvoker({ clock, directory, dispatcher: engine.dispatcher });
    const payloads = new PayloadBudget(config.payloadsMb * 1024 * 1024);
    const shared = { clock, ids: systemIds, logger, registry, directory, records, notices, invoker, waitingCalls: engine.waitingCalls };
    const async = createAsyncEngine({
      ...shared,
      ...written,
      payloads,
      redis: redisAddress(config, logger),
      prefix: config.redisPrefix,
      region: config.region,
      settings: config.async,
      secretBox,
    });
    this.#async = async;
    this.#closers.push(written.stop, () => async.stop());
    const triggers = await createTriggers({ ...config, ...shared, ...callers, payloads, stores: triggerStores, intake: async.intake });
    const api = createApi({
      ...shared,
      ...callers,
      version: config.version,
      webConsole: config,
      functions,
      reservations,
      packageReader: pods.packageReader,
      provisioned: new ProvisionedService({
        functions,
        directory,
        keeper: engine.provisioned,
        clock,
        accountLimit,
        poolMax: config.poolMax,
        budget: () => engine.node.budget,
      }),
      events: async,
      payloads,
      streamStallMs: config.streamStallMs,
      pool: engine.report,
      isStopping: isDraining,
      pods,
      triggers,
      runtimes,
      typescript,
      readiness: readinessChecks({ isDraining, redis, engine, adminKey: config.auth === 'off' ? undefined : adminKey }),
      metrics: registry,
    });
    const clients = new ClientConnections(clock);
    const hotPath = createHotPath({
      clock,
      logger,
      frontDoor: createFrontDoor({ ...config, newRequestId: randomUUID }),
      ...callers,
      directory,
      dispatcher: engine.dispatcher,
      region: config.region,
      clients,
      events: async.path,
      payloads,
      streamStallMs: config.streamStallMs,
      api,
      isDraining,
    });

    await adminKey.start();
    engine.start();
    await pods.start({ engine, shelves: settings.shelves, directory, payloads });
    async.start();
    void triggers.start();
    this.#closers.push(
      () => adminKey.stop(),
      () => engine.stop(),
      () => pods.stop(),
      () => triggers.stop(),
    );
    const options = { requestTimeoutMs: config.requestTimeoutMs, requestClass: FrontRequest, keepAliveTimeoutMs: 0 };
    const server = createFrontServer(hotPath.onRequest, options);
    this.#plainFront = readPlainRequestsFirst(server, { onRequest: hotPath.onPlainRequest, clients, isDraining, clock });
    await this.#listen(server);
  }

  async stop(deadline: AbortSignal): Promise<void> {
    this.#isDraining = true;
    const served = this.#server === undefined ? undefined : drained(this.#server, deadline, systemClock, this.#plainFront);
    await Promise.all([served, this.#async?.drain(deadline), this.#pods?.drain(deadline)]);
    for (const close of this.#closers.reverse()) await close();
  }

  async #listen(server: Server): Promise<void> {
    const { host, port } = this.#config.listen;
    server.listen(port, host.replace(/^\[(.*)\]$/, '$1'));
    await once(server, 'listening');
    this.#server = server;
    const address = server.address();
    this.#logger.info('listening', { address: typeof address === 'object' ? `${host}:${address?.port ?? port}` : address });
  }
}
