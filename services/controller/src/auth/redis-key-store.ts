import type { Redis } from 'ioredis';
import { ServiceError } from '@easyfaas/service-kit';
import { redisCall } from '../redis-connection';
import type { RedisNotices } from '../redis-notices';
import type { KeyStore, StoredKey } from './key-store';

/*
 *   <prefix>:keys          hash: key id -> StoredKey as JSON
 *   <prefix>:admin-key     id of the admin key
 *   <prefix>:key-revoked   channel; the id of a key that was revoked or changed
 *   <prefix>:key-uses      hash: key id -> when it was used last, ISO 8601
 */

const ADD_ADMIN = `
local admin = redis.call('GET', KEYS[2])
if admin then return admin end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('SET', KEYS[2], ARGV[1])
return ARGV[1]`;

const REPLACE_ADMIN = `
local admin = redis.call('GET', KEYS[2])
if admin then
  redis.call('HDEL', KEYS[1], admin)
  redis.call('HDEL', KEYS[3], admin)
  redis.call('PUBLISH', ARGV[3], admin)
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('SET', KEYS[2], ARGV[1])
return ARGV[1]`;

/** Only while the key is still as it was read. */
const REPLACE = `
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1`;

const ROTATE = `
local doc = redis.call('HGET', KEYS[1], ARGV[1])
if not doc or cjson.decode(doc).sha256 ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PUBLISH', ARGV[4], ARGV[1])
return 1`;

const REMOVE = `
local removed = redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('PUBLISH', ARGV[2], ARGV[1])
return removed`;

export class RedisKeyStore implements KeyStore {
  readonly #redis: Redis;
  readonly #notices: RedisNotices;
  readonly #keys: string;
  readonly #admin: string;
  readonly #channel: string;
  readonly #uses: string;

  constructor({ redis, notices, prefix }: { redis: Redis; notices: RedisNotices; prefix: string }) {
    this.#redis = redis;
    this.#notices = notices;
    this.#keys = `${prefix}:keys`;
    this.#admin = `${prefix}:admin-key`;
    this.#channel = `${prefix}:key-revoked`;
    this.#uses = `${prefix}:key-uses`;
  }

  async find(keyId: string): Promise<StoredKey | undefined> {
    const doc = await redisCall(() => this.#redis.hget(this.#keys, keyId));
    return doc === null ? undefined : readKey(doc);
  }

  async add(key: StoredKey): Promise<boolean> {
    return (await redisCall(() => this.#redis.hsetnx(this.#keys, key.keyId, JSON.stringify(key)))) === 1;
  }

  async replace(key: StoredKey, expectedSha256: string): Promise<boolean> {
    const given = [key.keyId, JSON.stringify(key), expectedSha256, this.#channel];
    return (await redisCall(() => this.#redis.eval(ROTATE, 1, this.#keys, ...given))) === 1;
  }

  async touch(keyId: string, usedAt: string): Promise<void> {
    await redisCall(() => this.#redis.hset(this.#uses, keyId, usedAt));
  }

  async uses(): Promise<Record<string, string>> {
    return redisCall(() => this.#redis.hgetall(this.#uses));
  }

  async list(): Promise<StoredKey[]> {
    const docs = await redisCall(() => this.#redis.hvals(this.#keys));
    return docs.map(readKey);
  }

  async addSealed(keyId: string, sealed: string): Promise<void> {
    const doc = await redisCall(() => this.#redis.hget(this.#keys, keyId));
    if (doc === null || readKey(doc).sealed !== undefined) return;
    // Of two that do this at once either will do: a key that was changed between is sealed at its next use.
    const changed = JSON.stringify({ ...readKey(doc), sealed });
    await redisCall(() => this.#redis.eval(REPLACE, 1, this.#keys, keyId, doc, changed));
  }

  async remove(keyId: string): Promise<boolean> {
    return (await redisCall(() => this.#redis.eval(REMOVE, 2, this.#keys, this.#uses, keyId, this.#channel))) === 1;
  }

  async adminKeyId(): Promise<string | undefined> {
    return (await redisCall(() => this.#redis.get(this.#admin))) ?? undefined;
  }

  async addAdmin(key: StoredKey): Promise<{ keyId: string }> {
    const keyId = await redisCall(() => this.#redis.eval(ADD_ADMIN, 2, this.#keys, this.#admin, key.keyId, JSON.stringify(key)));
    return { keyId: String(keyId) };
  }

  async replaceAdmin(key: StoredKey): Promise<void> {
    await redisCall(() =>
      this.#redis.eval(REPLACE_ADMIN, 3, this.#keys, this.#admin, this.#uses, key.keyId, JSON.stringify(key), this.#channel),
    );
  }

  onRevoked(listener: (keyId: string) => void): void {
    this.#notices.on(this.#channel, listener);
  }

  onGap(listener: () => void): void {
    this.#notices.onGap(listener);
  }
}

/** Redis is shared and outlives a deploy: what comes back is looked at before it lets anybody in. */
function readKey(doc: string): StoredKey {
  const key = JSON.parse(doc) as Partial<Record<keyof StoredKey, unknown>>;
  const texts = [key.keyId, key.accountId, key.description, key.sha256, key.createdAt];
  const isSealed = key.sealed === undefined || typeof key.sealed === 'string';
  const isKey = texts.every((text) => typeof text === 'string') && isTexts(key.scopes) && isSealed;
  const isLimitReadable = key.functions === undefined || isTexts(key.functions);
  if (!isKey || !isLimitReadable || !/^[0-9a-f]{64}$/.test(String(key.sha256))) {
    throw new ServiceError('INTERNAL', 'A stored key cannot be read; revoke it and make a new one.');
  }
  return key as StoredKey;
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
