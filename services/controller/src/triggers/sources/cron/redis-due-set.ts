import type { Redis } from 'ioredis';
import { redisCall } from '../../../redis-connection';
import type { DueEntry, DueSet } from './due-set';

/*
 *   <prefix>:cron-due       sorted set: <account>:<id>, score = when to look at it, ms since the epoch
 *   <prefix>:cron-entries   hash: <account>:<id> -> DueEntry as JSON
 */

const OFFER = `
local present = redis.call('HGET', KEYS[2], ARGV[1])
if present then
  local entry = cjson.decode(present)
  if entry.revisionId == ARGV[4] or entry.updatedAt > ARGV[5] then return 0 end
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
return 1`;

const CLAIM = `
local names = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
local entries = {}
for _, name in ipairs(names) do
  local entry = redis.call('HGET', KEYS[2], name)
  if entry then
    redis.call('ZADD', KEYS[1], ARGV[2], name)
    table.insert(entries, entry)
  else
    redis.call('ZREM', KEYS[1], name)
  end
end
return entries`;

const ADVANCE = `
if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
redis.call('ZADD', KEYS[1], ARGV[4], ARGV[1])
return 1`;

const DROP = `
if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[1], ARGV[1])
return 1`;

export class RedisDueSet implements DueSet {
  readonly #redis: Redis;
  readonly #due: string;
  readonly #entries: string;

  constructor({ redis, prefix }: { redis: Redis; prefix: string }) {
    this.#redis = redis;
    this.#due = `${prefix}:cron-due`;
    this.#entries = `${prefix}:cron-entries`;
  }

  async offer(entry: DueEntry, attentionMs: number): Promise<void> {
    await this.#run(OFFER, nameOf(entry), JSON.stringify(entry), attentionMs, entry.revisionId, entry.updatedAt);
  }

  async has(accountId: string, triggerId: string): Promise<boolean> {
    return (await redisCall(() => this.#redis.hexists(this.#entries, `${accountId}:${triggerId}`))) === 1;
  }

  async claim(nowMs: number, leaseMs: number, limit: number): Promise<DueEntry[]> {
    const entries = (await this.#run(CLAIM, nowMs, nowMs + leaseMs, limit)) as string[];
    return entries.map((text) => JSON.parse(text) as DueEntry);
  }

  async advance(claimed: DueEntry, next: DueEntry, attentionMs: number): Promise<void> {
    await this.#run(ADVANCE, nameOf(claimed), JSON.stringify(claimed), JSON.stringify(next), attentionMs);
  }

  async drop(claimed: DueEntry): Promise<void> {
    await this.#run(DROP, nameOf(claimed), JSON.stringify(claimed));
  }

  #run(script: string, ...values: (string | number)[]): Promise<unknown> {
    return redisCall(() => this.#redis.eval(script, 2, this.#due, this.#entries, ...values));
  }
}

function nameOf({ accountId, triggerId }: DueEntry): string {
  return `${accountId}:${triggerId}`;
}
