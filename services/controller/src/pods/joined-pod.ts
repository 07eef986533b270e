import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Counter, Gauge, type Registry } from '@easyfaas/service-kit';
import { drained } from '../drained';
import type { Engine } from '../engine';
import type { DiskPackageStore } from '../functions/disk-package-store';
import { OverflowCalls } from './overflow-calls';
import { OwnPool } from './own-pool';
import { PackageCopies } from './package-copies';
import { PodCallReceiver } from './pod-call-receiver';
import { PodCalls } from './pod-calls';
import { PodClient } from './pod-client';
import type { PodConfig } from './pod-config';
import { PodFunclet } from './pod-funclet';
import { readPodKeyFile } from './pod-key';
import { PodMembership } from './pod-membership';
import { PodServer } from './pod-server';
import type { PodKind, PodsOptions } from './pods';

export interface JoinedPodOptions extends PodsOptions {
  podId: string;
  pod: PodConfig;
  disk: DiskPackageStore;
}

/** A pod that has others: parts and wires. @throws Error when its key file cannot be used */
export function joinedPod(options: JoinedPodOptions): PodKind {
  const { podId, disk } = options;
  const { address, listen, keyFile } = options.pod;
  const { config, clock, ids, logger, stores, isDraining } = options;
  const bootId = randomUUID();
  const figures = podMetrics(options.metrics, () => membership.others.length + 1);
  let peers: { engine: Engine; own: OwnPool } | undefined;
  const connected = (): { engine: Engine; own: OwnPool } => {
    if (peers === undefined) throw new Error('The pods were not started.');
    return peers;
  };
  const membership: PodMembership = new PodMembership({
    registry: stores.pods.registry,
    clock,
    logger,
    identity: { podId, bootId, address, version: config.version, startedAtMs: clock.wallMs() },
    home: createHash('sha256').update(`${hostname()}:${config.dataDir}`).digest('hex').slice(0, 16),
    fileKey: keyFile === undefined ? undefined : readPodKeyFile(keyFile),
    newKey: () => randomBytes(32),
    capacity: () => connected().own.capacity(),
    isDraining,
  });
  const client = new PodClient({ podId, membership, nonce: () => ids.nonce() });
  const copies = new PackageCopies({
    podId,
    disk,
    client,
    membership,
    holders: stores.pods.holders,
    isShared: config.packagesDir !== undefined,
    logger,
  });
  const funclet = new PodFunclet(config.funcletSocket, ids, {
    ensurePackage: (sha256) => options.registryPackages?.ensure(sha256, disk) ?? copies.ensure(sha256),
  });
  const calls = new PodCalls({
    client,
    membership,
    dispatcher: () => connected().engine.dispatcher,
    clock,
    logger,
    waitMs: config.waitMs,
    onEnd: (result) => figures.forwarded.inc({ result }),
  });
  const overflow = new OverflowCalls({
    membership,
    calls,
    // Before the others are there nobody can be in need.
    shortages: () => peers?.own.shortages() ?? [],
    settle: (call, error) => connected().engine.dispatcher.settle(call, { kind: 'platform-error', error }),
    accountLimit: config.accountConcurrency,
    random: Math.random,
  });
  let server: PodServer | undefined;
  return {
    podId,
    funclet,
    overflow,
    copies,
    view: () => ({
      podId,
      ...(membership.problem === undefined ? {} : { isOnItsOwn: membership.problem }),
      pods: [...(membership.self === undefined ? [] : [membership.self]), ...membership.others],
    }),
    start: async ({ engine, shelves, directory, payloads }) => {
      peers = { engine, own: new OwnPool({ engine, shelves, poolMax: config.poolMax, node: () => funclet.node() }) };
      const receiver = new PodCallReceiver({ clock, directory, dispatcher: engine.dispatcher, payloads, isDraining });
      server = new PodServer({
        membership,
        podId,
        bootId,
        logger,
        routes: [
          {
            method: 'POST',
            path: /^\/internal\/calls$/,
            handle: (request, response, claims) => receiver.receive(request, response, claims),
          },
          { method: 'GET', path: /^\/internal\/packages\/([0-9a-f]{64})$/, handle: (...parts) => copies.serve(...parts) },
          { method: 'POST', path: /^\/internal\/packages\/([0-9a-f]{64})$/, handle: (...parts) => copies.accept(...parts) },
        ],
      });
      const port = await server.listen(listen);
      logger.info('listening for other pods', { podId, address, port });
      membership.onRefresh((place) => {
        engine.admission.setPlace(place);
        overflow.relieve();
      });
      await membership.start();
      disk
        .list()
        .then((files) => copies.announce(files.map(({ sha256 }) => sha256)))
        .catch((error: unknown) => logger.warn('packages could not be listed', { error }));
    },
    drain: async (deadline) => {
      if (server !== undefined) await drained(server.server, deadline, clock);
    },
    stop: async () => {
      await membership.stop();
      server?.server.closeAllConnections();
      client.close();
    },
  };
}

function podMetrics(registry: Registry, count: () => number): { forwarded: Counter } {
  const pods: Gauge = new Gauge({
    name: 'easyfaas_pods',
    help: 'Pods that live, this one among them.',
    registers: [registry],
    collect: () => pods.set(count()),
  });
  const forwarded = new Counter({
    name: 'easyfaas_forwarded_calls_total',
    help: 'Calls that another pod was asked to run.',
    labelNames: ['result'],
    registers: [registry],
  });
  return { forwarded };
}
