import { Redis } from 'ioredis';
import { ServiceError, type Logger } from '@easyfaas/service-kit';

export interface RedisConnectionOptions {
  /** `redis://host:port[/db]`, `rediss://…` or `unix:///path/to/socket`. */
  url: string;
  username?: string;
  password?: string;
  logger: Logger;
  /** What is asked for in one turn of the event loop is sent together, at its end. */
  isBatching?: boolean;
}

interface CommandRules {
  enableOfflineQueue?: boolean;
  maxRetriesPerRequest: number | null;
  commandTimeout?: number;
  autoResendUnfulfilledCommands?: boolean;
  autoResubscribe?: boolean;
}

/** Milliseconds that a command may take before its caller is told that the store does not answer. */
const COMMAND_TIMEOUT_MS = 1500;

/**
 * A connection for commands. They fail at once while Redis is away instead of waiting in a line, and a command whose answer
 * was lost is not sent twice: the caller decides. Reconnects by itself for ever.
 */
export function connectRedis(options: RedisConnectionOptions, connectionName = 'easyfaas-controller'): Redis {
  return open(options, connectionName, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    commandTimeout: COMMAND_TIMEOUT_MS,
    autoResendUnfulfilledCommands: false,
  });
}

/** A connection for subscriptions: they are made when Redis is there and made anew after each break. */
export function connectRedisSubscriber(options: RedisConnectionOptions): Redis {
  return open(options, 'easyfaas-controller-notices', { maxRetriesPerRequest: null, autoResubscribe: true });
}

/** @throws ServiceError STORE_UNAVAILABLE when Redis does not answer a PING */
export async function pingRedis(redis: Redis): Promise<void> {
  await redisCall(() => redis.ping());
}

/** Codes with which a live Redis says that it cannot work now; any other error reply is a bug of ours. */
const BUSY_REPLY = /^(OOM|LOADING|READONLY|MISCONF|NOAUTH|WRONGPASS|NOPERM|BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOREPLICAS)\b/;

/**
 * Runs a command and translates its failure once.
 * @throws ServiceError STORE_UNAVAILABLE (no answer, or Redis refuses all work), INTERNAL (an error reply to a command of ours)
 */
export async function redisCall<T>(command: () => Promise<T>): Promise<T> {
  try {
    return await command();
  } catch (cause) {
    throw redisFailure(cause);
  }
}

function redisFailure(cause: unknown): ServiceError {
  const isReply = cause instanceof Error && cause.name === 'ReplyError';
  const busy = isReply ? BUSY_REPLY.exec(cause.message)?.[1] : undefined;
  if (isReply && busy === undefined) return new ServiceError('INTERNAL', 'The store refused a command of the platform.', { cause });
  const words = busy === undefined ? 'Redis does not answer' : `Redis refuses commands (${busy})`;
  return new ServiceError('STORE_UNAVAILABLE', `${words}; try again shortly.`, { cause, headers: { 'Retry-After': '1' } });
}

function open(
  { url, username, password, logger, isBatching = false }: RedisConnectionOptions,
  connectionName: string,
  more: CommandRules,
): Redis {
  const redis = new Redis({
    ...addressOf(url),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    connectionName,
    enableAutoPipelining: isBatching,
    connectTimeout: 2000,
    reconnectOnError: isReplica,
    retryStrategy: (attempt) => Math.min(attempt * 50, 1000),
    ...more,
  });
  logStateChanges(redis, logger.child({ redis: connectionName }));
  return redis;
}

/** The master that this connection was made to has become a replica: what has its address now may be the new one. The command fails all the same. */
function isReplica({ message }: Error): boolean {
  return /^(READONLY|MASTERDOWN)\b/.test(message);
}

/** One line when Redis goes and one when it comes back, however often the connection is retried in between. */
function logStateChanges(redis: Redis, logger: Logger): void {
  let isReady: boolean | undefined;
  redis.on('ready', () => {
    if (isReady !== true) logger.info('redis connected');
    isReady = true;
  });
  redis.on('error', (error: Error) => {
    if (isReady !== false) logger.warn('redis unreachable', { error });
    isReady = false;
  });
}

interface Address {
  path?: string;
  host?: string;
  port?: number;
  username?: string;
  password?: string;
  db?: number;
  tls?: object;
}

/** Where to connect to, in ioredis's words. */
export function addressOf(url: string): Address {
  if (url.startsWith('unix://')) return { path: url.slice('unix://'.length) };
  const { protocol, hostname, port, username, password, pathname } = new URL(url);
  if (protocol !== 'redis:' && protocol !== 'rediss:') throw new TypeError('A Redis URL starts with redis://, rediss:// or unix://.');
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? 6379 : Number(port),
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    ...(/^\/\d+$/.test(pathname) ? { db: Number(pathname.slice(1)) } : {}),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
  };
}
