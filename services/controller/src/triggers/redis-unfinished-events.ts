import type { Redis } from 'ioredis';
import { AsyncKeys } from '../async/async-keys';
import { redisCall } from '../redis-connection';

/** Looks whether an event is still to run or running: the queue keeps the ids of those. @throws ServiceError STORE_UNAVAILABLE */
export function unfinishedEvents(
  redis: Redis,
  prefix: string,
): (accountId: string, functionName: string, requestId: string) => Promise<boolean> {
  const keys = new AsyncKeys(prefix);
  return async (accountId, functionName, requestId) =>
    (await redisCall(() => redis.zscore(keys.open(accountId, functionName), requestId))) !== null;
}
