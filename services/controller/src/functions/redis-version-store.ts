import type { Redis } from 'ioredis';
import { aliasConfigurationSchema, parse } from '@easyfaas/contracts/schemas';
import { LIMITS, type AliasConfiguration, type StoredFunction } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import { redisCall } from '../redis-connection';
import type { RedisNotices } from '../redis-notices';
import { readFunctionDocument } from './function-document';
import type { FunctionKeys } from './function-keys';
import { RedisChangeChannel } from './redis-change-channel';
import type { AliasOutcome, FunctionKey, PublishState, QualifierChange, VersionStore } from './version-store';

const ADD_VERSION = `
local revision = redis.call('HGET', KEYS[1], 'revision')
if not revision then return 'missing' end
if revision ~= ARGV[3] then return 'stale' end
local last = tonumber(redis.call('HGET', KEYS[1], 'lastVersion') or '0')
if last + 1 ~= tonumber(ARGV[1]) then return 'stale' end
if redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[4]) then return 'full' end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('HSET', KEYS[1], 'lastVersion', ARGV[1])
redis.call('PUBLISH', ARGV[5], ARGV[6])
return 'added'`;

const DELETE_VERSION = `
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 'missing' end
for _, text in ipairs(redis.call('HVALS', KEYS[2])) do
  local alias = cjson.decode(text)
  local weights = alias.RoutingConfig and alias.RoutingConfig.AdditionalVersionWeights or {}
  if alias.FunctionVersion == ARGV[1] or weights[ARGV[1]] then return 'used:' .. alias.Name end
end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('PUBLISH', ARGV[2], ARGV[3])
return 'deleted'`;

const PUT_ALIAS = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 'no function' end
local current = redis.call('HGET', KEYS[3], ARGV[1])
if ARGV[3] == '' then
  if current then return 'exists' end
  if redis.call('HLEN', KEYS[3]) >= tonumber(ARGV[4]) then return 'full' end
else
  if not current then return 'missing' end
  if cjson.decode(current).RevisionId ~= ARGV[3] then return 'stale' end
end
for index = 7, #ARGV do
  if redis.call('HEXISTS', KEYS[2], ARGV[index]) == 0 then return 'no version' end
end
redis.call('HSET', KEYS[3], ARGV[1], ARGV[2])
redis.call('PUBLISH', ARGV[5], ARGV[6])
return 'written'`;

const DELETE_ALIAS = `
local current = redis.call('HGET', KEYS[1], ARGV[1])
if not current then return 'missing' end
if ARGV[2] ~= '' and cjson.decode(current).RevisionId ~= ARGV[2] then return 'stale' end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('PUBLISH', ARGV[3], ARGV[4])
return 'deleted'`;

/** Published versions and aliases in Redis; see {@link FunctionKeys} for what is where. */
export class RedisVersionStore implements VersionStore {
  readonly #redis: Redis;
  readonly #keys: FunctionKeys;
  readonly #changes: RedisChangeChannel<QualifierChange>;

  constructor({ redis, notices, keys }: { redis: Redis; notices: RedisNotices; keys: FunctionKeys }) {
    this.#redis = redis;
    this.#keys = keys;
    this.#changes = new RedisChangeChannel(keys.qualifierChannel, notices);
  }

  async get(key: FunctionKey, version: string): Promise<StoredFunction | undefined> {
    const doc = await redisCall(() => this.#redis.hget(this.#versions(key), version));
    return doc === null ? undefined : readFunctionDocument(doc);
  }

  async list(
    key: FunctionKey,
    { after, limit }: { after: number; limit: number },
  ): Promise<{ versions: StoredFunction[]; nextAfter?: number }> {
    const numbers = await redisCall(() => this.#redis.hkeys(this.#versions(key)));
    const rest = numbers
      .map(Number)
      .filter((version) => version > after)
      .sort((a, b) => a - b);
    const page = rest.slice(0, limit);
    const last = page.at(-1);
    if (last === undefined) return { versions: [] };
    const docs = await redisCall(() => this.#redis.hmget(this.#versions(key), ...page.map(String)));
    // One deleted since the numbers were read is simply not there any more.
    const versions = docs.filter((doc) => doc !== null).map(readFunctionDocument);
    return { versions, ...(rest.length > limit ? { nextAfter: last } : {}) };
  }

  async publishState(key: FunctionKey): Promise<PublishState> {
    const last = await redisCall(() => this.#redis.hget(this.#function(key), 'lastVersion'));
    if (last === null) return { lastVersion: 0, last: undefined };
    return { lastVersion: Number(last), last: await this.get(key, last) };
  }

  async add(version: StoredFunction, functionRevisionId: string): Promise<'added' | 'missing' | 'stale' | 'full'> {
    const { accountId, configuration } = version;
    const change = { accountId, functionName: configuration.FunctionName, publishedVersion: configuration.Version };
    const answer = await redisCall(() =>
      this.#redis.eval(
        ADD_VERSION,
        2,
        this.#function(change),
        this.#versions(change),
        configuration.Version,
        JSON.stringify(version),
        functionRevisionId,
        LIMITS.versionsPerFunction,
        this.#changes.name,
        this.#changes.message(change),
      ),
    );
    if (answer === 'added') this.#changes.tell(change);
    return answer as 'added' | 'missing' | 'stale' | 'full';
  }

  async delete(key: FunctionKey, version: string): Promise<{ outcome: 'deleted' | 'missing' } | { outcome: 'used'; usedBy: string }> {
    const change: QualifierChange = { ...keyOnly(key), deletedVersion: version };
    const answer = String(
      await redisCall(() =>
        this.#redis.eval(
          DELETE_VERSION,
          2,
          this.#versions(key),
          this.#aliases(key),
          version,
          this.#changes.name,
          this.#changes.message(change),
        ),
      ),
    );
    if (answer === 'deleted') this.#changes.tell(change);
    if (answer.startsWith('used:')) return { outcome: 'used', usedBy: answer.slice('used:'.length) };
    return { outcome: answer as 'deleted' | 'missing' };
  }

  async aliases(key: FunctionKey): Promise<AliasConfiguration[]> {
    const docs = await redisCall(() => this.#redis.hvals(this.#aliases(key)));
    return docs.map(readAlias).sort((a, b) => (a.Name < b.Name ? -1 : 1));
  }

  async getAlias(key: FunctionKey, name: string): Promise<AliasConfiguration | undefined> {
    const doc = await redisCall(() => this.#redis.hget(this.#aliases(key), name));
    return doc === null ? undefined : readAlias(doc);
  }

  async putAlias(key: FunctionKey, alias: AliasConfiguration, expectedRevisionId: string | undefined): Promise<AliasOutcome> {
    const change = keyOnly(key);
    const versions = [alias.FunctionVersion, ...Object.keys(alias.RoutingConfig?.AdditionalVersionWeights ?? {})];
    const answer = await redisCall(() =>
      this.#redis.eval(
        PUT_ALIAS,
        3,
        this.#function(key),
        this.#versions(key),
        this.#aliases(key),
        alias.Name,
        JSON.stringify(alias),
        expectedRevisionId ?? '',
        LIMITS.aliasesPerFunction,
        this.#changes.name,
        this.#changes.message(change),
        ...versions.filter((version) => version !== '$LATEST'),
      ),
    );
    if (answer === 'written') this.#changes.tell(change);
    return answer as AliasOutcome;
  }

  async deleteAlias(key: FunctionKey, name: string, expectedRevisionId = ''): Promise<'deleted' | 'missing' | 'stale'> {
    const change = keyOnly(key);
    const answer = await redisCall(() =>
      this.#redis.eval(DELETE_ALIAS, 1, this.#aliases(key), name, expectedRevisionId, this.#changes.name, this.#changes.message(change)),
    );
    if (answer === 'deleted') this.#changes.tell(change);
    return answer as 'deleted' | 'missing' | 'stale';
  }

  onChange(listener: (change: QualifierChange) => void): void {
    this.#changes.on(listener);
  }

  #function({ accountId, functionName }: FunctionKey): string {
    return this.#keys.function(accountId, functionName);
  }

  #versions({ accountId, functionName }: FunctionKey): string {
    return this.#keys.versions(accountId, functionName);
  }

  #aliases({ accountId, functionName }: FunctionKey): string {
    return this.#keys.aliases(accountId, functionName);
  }
}

function keyOnly({ accountId, functionName }: FunctionKey): FunctionKey {
  return { accountId, functionName };
}

function readAlias(doc: string): AliasConfiguration {
  try {
    return parse(aliasConfigurationSchema, JSON.parse(doc));
  } catch (cause) {
    throw new ServiceError('INTERNAL', 'A stored alias cannot be read; delete it and make it anew.', { cause });
  }
}
