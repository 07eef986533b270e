import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { silentLogger } from '@easyfaas/service-kit';
import { addressOf, connectRedis, connectRedisSubscriber } from '../src/redis-connection';
import { RedisNotices } from '../src/redis-notices';
import { eventually } from './eventually';

/** A real Redis for a test file. */
export interface TestRedis {
  url: string;
  /** Keys of this test file only. */
  prefix: string;
  stop(): Promise<void>;
}

/** One that the test may stop, freeze and start again. */
export interface PrivateRedis extends TestRedis {
  /** Ends the server, with all its data. */
  kill(): Promise<void>;
  start(): Promise<void>;
  freeze(): void;
  thaw(): void;
}

/** Connections as one controller has them. */
export interface RedisClient {
  redis: ReturnType<typeof connectRedis>;
  notices: RedisNotices;
  close: () => void;
}

const hasServer = spawnSync('redis-server', ['--version']).status === 0;
const given = process.env['EASYFAAS_TEST_REDIS'];
const isThere = given !== undefined || hasServer;
if (!isThere && process.env['REQUIRE_REDIS'] === '1') throw new Error('There is no redis-server and EASYFAAS_TEST_REDIS is not set.');
if (!isThere) process.stderr.write('SKIPPED: no redis-server and no EASYFAAS_TEST_REDIS\n');

/** `describe` that is skipped, loudly, where there is no Redis; with REQUIRE_REDIS=1 the file fails instead. */
export const describeWithRedis = isThere ? describe : describe.skip;
/** The same for tests that stop the server: they never do that to one that was given. */
export const describeWithPrivateRedis = hasServer ? describe : describe.skip;

/** The Redis of EASYFAAS_TEST_REDIS, else a private one. */
export async function startRedis(): Promise<TestRedis> {
  if (given !== undefined) return { url: given, prefix: newPrefix(), stop: async () => undefined };
  return startPrivateRedis();
}

export async function startPrivateRedis(): Promise<PrivateRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'easyfaas-redis-'));
  const socketPath = join(directory, 's');
  let server: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    server = spawn('redis-server', ['--port', '0', '--unixsocket', socketPath, '--save', '', '--appendonly', 'no', '--dir', directory], {
      stdio: 'ignore',
    });
    // A test file that breaks before its end must not leave a server behind, nor be held open by one.
    server.unref();
    const started = server;
    process.once('exit', () => started.kill('SIGKILL'));
    await eventually(() => answersPing(socketPath), 20_000);
  };
  const kill = async (): Promise<void> => {
    const running = server;
    server = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGKILL');
    await ended;
  };
  await start();
  return {
    url: `unix://${socketPath}`,
    prefix: newPrefix(),
    start,
    kill,
    freeze: () => void server?.kill('SIGSTOP'),
    thaw: () => void server?.kill('SIGCONT'),
    stop: async () => {
      await kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/**
 * Gives every connection the rights that the documentation gives the platform's own user, and no other; `admin` has all.
 * @returns what was denied since, one line each
 */
export async function restrictToDocumented({ url, prefix }: TestRedis): Promise<() => Promise<string[]>> {
  const guide = readFileSync(join(__dirname, '../../../docs/security.md'), 'utf8');
  const rule = /^ACL SETUSER easyfaas on >secret (.+)$/m.exec(guide)?.[1];
  if (rule === undefined) throw new Error('docs/security.md has no rule for the platform');
  const words = rule
    .replaceAll('{easyfaas}:', `${prefix}:`)
    .replaceAll(/([~&])easyfaas:/g, `$1${prefix}:`)
    .split(' ');
  const admin = new Redis({ ...addressOf(url), lazyConnect: true });
  await admin.call('ACL', 'SETUSER', 'admin', 'on', 'nopass', '~*', '&*', '+@all');
  await admin.call('AUTH', 'admin', 'any');
  await admin.call('ACL', 'SETUSER', 'default', 'reset', 'on', 'nopass', ...words);
  admin.disconnect();
  return async () => {
    const asking = new Redis({ ...addressOf(url), username: 'admin', password: 'any' });
    const log = (await asking.call('ACL', 'LOG')) as unknown[][];
    asking.disconnect();
    return log.map((entry) => `${String(entry[3])} ${String(entry[5])} ${String(entry[7])}: ${String(entry[9])}`);
  };
}

/** Connects and waits until commands and subscriptions work. */
export async function connectTo({ url }: TestRedis): Promise<RedisClient> {
  const client = connectWithoutWaiting(url);
  await eventually(() => {
    if (client.redis.status !== 'ready') throw new Error('not connected');
  }, 10_000);
  await client.subscriberReady();
  return client;
}

export function connectWithoutWaiting(url: string): RedisClient & { subscriberReady(): Promise<void> } {
  const options = { url, logger: silentLogger() };
  const redis = connectRedis(options);
  const subscriber = connectRedisSubscriber(options);
  return {
    redis,
    notices: new RedisNotices(subscriber, silentLogger()),
    subscriberReady: () =>
      eventually(() => {
        if (subscriber.status !== 'ready') throw new Error('not subscribed');
      }, 10_000),
    close: () => {
      redis.disconnect();
      subscriber.disconnect();
    },
  };
}

function newPrefix(): string {
  return `{easyfaas-test-${randomUUID()}}`;
}

function answersPing(socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath, () => socket.write('PING\r\n'));
    socket.on('data', (data) => {
      socket.destroy();
      if (data.toString().startsWith('+PONG')) resolve();
      else reject(new Error('not ready'));
    });
    socket.on('error', reject);
  });
}
