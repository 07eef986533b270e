import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failpoints, systemClock, systemIds } from '@easyfaas/service-kit';
import type { StoredFunction } from '@easyfaas/contracts/wire';
import { AsyncKeys } from '../src/async/async-keys';
import { UrlRules } from '../src/async/destinations/url-rules';
import type { NewEvent } from '../src/async/event-intake';
import { RedisEventIntake } from '../src/async/redis-event-intake';
import { RedisEventStore } from '../src/async/redis-event-store';
import { connectWithoutWaiting, describeWithPrivateRedis, type RedisClient } from './redis-server';
import { eventually } from './eventually';

const STORED = { accountId: 'default', configuration: { FunctionName: 'f' }, concurrency: {} } as unknown as StoredFunction;
const EVENT: NewEvent = { accountId: 'default', functionName: 'f', qualifier: '$LATEST', payload: Buffer.from('{"a":1}'), source: 'api' };

/** A Redis that others can replicate. */
interface Node {
  port: number;
  /** Straight to it, as an operator has it. */
  client: RedisClient;
  isReplicaOf: (other: Node | undefined) => Promise<unknown>;
  kill: () => Promise<void>;
}

describeWithPrivateRedis('a failover of Redis', () => {
  let directory: string;
  let nodes: [Node, Node];
  let address: MovableAddress;
  let client: RedisClient;
  let keys: AsyncKeys;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'easyfaas-failover-'));
    nodes = [await startNode(directory), await startNode(directory)];
    await follows(nodes[1], nodes[0]);
    address = await MovableAddress.open(nodes[0].port);
    client = connectWithoutWaiting(`redis://127.0.0.1:${address.port}`);
    await eventually(() => expect(client.redis.status).toBe('ready'), 20_000);
    keys = new AsyncKeys('{failover}');
  });

  afterEach(async () => {
    client.close();
    await address.close();
    for (const node of nodes) {
      node.client.close();
      await node.kill();
    }
    await rm(directory, { recursive: true, force: true });
  });

  const intakeWith = (replicas: number): RedisEventIntake =>
    new RedisEventIntake({
      redis: client.redis,
      keys,
      directory: { find: () => STORED, onChange: () => undefined, onVersionDeleted: () => undefined },
      clock: systemClock,
      ids: systemIds,
      payloadLimitBytes: 1024,
      openLimit: 100_000,
      replicas,
      rules: new UrlRules([]),
      podToken: 'pod',
      failpoints: new Failpoints(),
      onAccepted: () => undefined,
    });

  const follows = async (replica: Node, master: Node): Promise<void> => {
    await replica.isReplicaOf(master);
    await eventually(async () => expect(String(await master.client.redis.info('replication'))).toContain('state=online'), 20_000);
  };

  /** Ids that were answered, and all other answers, until it is stopped. */
  const send = (
    intake: RedisEventIntake,
  ): { accepted: string[]; refused: unknown[]; slowestMs: () => number; stop: () => Promise<void> } => {
    const accepted: string[] = [];
    const refused: unknown[] = [];
    let isStopped = false;
    let slowestMs = 0;
    const clients = Array.from({ length: 8 }, async () => {
      while (!isStopped) {
        const startedAt = performance.now();
        try {
          accepted.push((await intake.accept(EVENT)).requestId);
        } catch (error) {
          refused.push(error);
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        slowestMs = Math.max(slowestMs, performance.now() - startedAt);
      }
    });
    const stop = async (): Promise<void> => {
      isStopped = true;
      await Promise.all(clients);
    };
    return { accepted, refused, slowestMs: () => slowestMs, stop };
  };

  const hasGrown = async (list: readonly unknown[], by: number): Promise<void> => {
    const before = list.length;
    await eventually(() => expect(list.length).toBeGreaterThanOrEqual(before + by), 30_000);
  };

  /** Those of which nothing is left, or no job. */
  const missing = async (node: Node, requestIds: readonly string[]): Promise<string[]> => {
    const waiting = new Set(await node.client.redis.lrange(`${keys.queue('default', 'f')}wait`, 0, -1));
    const there = await Promise.all(requestIds.map((id) => node.client.redis.exists(keys.invocation('default', id))));
    return requestIds.filter((id, index) => there[index] === 0 || !waiting.has(`e-${id}`));
  };

  it('F6 loses no event that a replica had when its client was answered, when the master dies', async () => {
    const [master, replica] = nodes;
    const traffic = send(intakeWith(1));
    await hasGrown(traffic.accepted, 50);
    await master.kill();
    address.breakAll();
    await hasGrown(traffic.refused, 1);
    await replica.isReplicaOf(undefined);
    address.moveTo(replica.port);
    // It has no replica of its own now, and says so.
    await hasGrown(traffic.refused, 20);
    await traffic.stop();
    expect(await missing(replica, traffic.accepted)).toEqual([]);
    const afterwards = send(intakeWith(0));
    await hasGrown(afterwards.accepted, 20);
    await afterwards.stop();
    expect(await missing(replica, afterwards.accepted)).toEqual([]);
    for (const error of [...traffic.refused, ...afterwards.refused]) expect(error).toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
    // The promise is 2 s; the test leaves room for a busy machine.
    expect(traffic.slowestMs()).toBeLessThan(8000);
    const store = new RedisEventStore({
      redis: client.redis,
      keys,
      clock: systemClock,
      keptS: 60,
      keptCount: 10,
      deadLettersKeptS: 60,
      deadLettersKeptCount: 10,
    });
    await eventually(async () => expect((await store.take('default', 'f', ['token'], Date.now(), 1024)).events).toHaveLength(1), 10_000);
  }, 90_000);

  it('takes no event on a master that has become a replica, and finds the new one at the address', async () => {
    const [old, promoted] = nodes;
    const traffic = send(intakeWith(1));
    await hasGrown(traffic.accepted, 50);
    await promoted.isReplicaOf(undefined);
    await follows(old, promoted);
    // Connections to the old one stay open: only its answers tell.
    await hasGrown(traffic.refused, 1);
    const before = traffic.accepted.length;
    address.moveTo(promoted.port);
    await hasGrown(traffic.accepted, 50);
    await traffic.stop();
    for (const error of traffic.refused) expect(error).toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
    expect(await missing(promoted, traffic.accepted.slice(before))).toEqual([]);
    expect(await missing(promoted, traffic.accepted)).toEqual([]);
    await eventually(async () => expect(await missing(old, traffic.accepted)).toEqual([]), 20_000);
  }, 90_000);
});

/** An address that leads to one port now and to another later; connections that there are stay where they are. */
class MovableAddress {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #target: number;

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((near) => {
      const far = connect(this.#target, '127.0.0.1');
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(socket);
        socket.on('error', () => other.destroy());
        socket.on('close', () => {
          this.#sockets.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
      }
    });
  }

  static async open(target: number): Promise<MovableAddress> {
    const address = new MovableAddress(target);
    await new Promise<void>((resolve) => address.#server.listen(0, '127.0.0.1', resolve));
    return address;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  moveTo(target: number): void {
    this.#target = target;
  }

  breakAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.breakAll();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

async function startNode(directory: string): Promise<Node> {
  const port = await freePort();
  const child: ChildProcess = spawn(
    'redis-server',
    [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--dir',
      directory,
      '--dbfilename',
      `${port}.rdb`,
      '--repl-diskless-sync-delay',
      '0',
    ],
    { stdio: 'ignore' },
  );
  child.unref();
  process.once('exit', () => child.kill('SIGKILL'));
  const client = connectWithoutWaiting(`redis://127.0.0.1:${port}`);
  await eventually(async () => expect(await client.redis.ping()).toBe('PONG'), 20_000);
  return {
    port,
    client,
    isReplicaOf: (other) => (other === undefined ? client.redis.replicaof('NO', 'ONE') : client.redis.replicaof('127.0.0.1', other.port)),
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
