import { ADD_JOB, FINISH_JOB, TAKE_JOB } from './bullmq-moves';

/**
 * Every move in the life of an event is one of these scripts: what belongs together happens together, and nothing that was
 * decided about an older state is carried out on a newer one. An attempt is fenced by its token.
 */

/** Room for what is being carried out already: it ends, and makes room, where nothing new is taken in any more. */
const ALLOW_OOM = '#!lua flags=allow-oom\n';

/**
 * An event and its job. Others are told only when nothing was waiting: whoever has found the queue empty has to hear of the first one.
 * KEYS invocation, open, counters, functions, beginning of the queue's keys; ARGV requestId, nowMs, limit, function, channel,
 * notice, delayMs, fields...
 * @returns exists | full | accepted
 */
export const ACCEPT = `${ADD_JOB}
if redis.call('EXISTS', KEYS[1]) == 1 then return 'exists' end
if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[3]) then return 'full' end
local q, delayMs = KEYS[5], tonumber(ARGV[7])
redis.call('HSET', KEYS[1], 'status', 'accepted', 'attempt', '0', 'acceptedAt', ARGV[2], unpack(ARGV, 8))
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
redis.call('HINCRBY', KEYS[3], 'accepted', 1)
redis.call('HSETNX', q .. 'meta', 'opts.maxLenEvents', 10)
redis.call('SADD', KEYS[4], ARGV[4])
if delayMs > 0 or redis.call('LLEN', q .. 'wait') == 0 then redis.call('PUBLISH', ARGV[5], ARGV[6]) end
addJob(q, 'e-' .. ARGV[1], ARGV[2], delayMs)
return 'accepted'`;

/** KEYS idempotency; ARGV requestId, bodyHash, ttlSeconds. @returns {requestId, bodyHash} that hold, {} when these are new */
export const CLAIM = `
local known = redis.call('HMGET', KEYS[1], 'id', 'bodyHash')
if known[1] then return known end
redis.call('HSET', KEYS[1], 'id', ARGV[1], 'bodyHash', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return {}`;

/**
 * A worker takes events and begins an attempt of each. A state of running means that another one began and was lost.
 * KEYS beginning of the queue's keys; ARGV nowMs, lockMs, prefix of invocation keys, a token for each that may be taken...
 * @returns {{job id, token, missing | ended | started, all fields as they were before}...}, when the next one is due or 0
 */
export const TAKE = `${ALLOW_OOM}${TAKE_JOB}
local taken = {}
for i = 4, #ARGV do
  local token = ARGV[i]
  local jobId, nextDueMs = takeJob(KEYS[1], ARGV[1], token, tonumber(ARGV[2]))
  if not jobId then return {taken, nextDueMs or 0} end
  local key = ARGV[3] .. string.sub(jobId, 3)
  local status = redis.call('HGET', key, 'status')
  if not status then
    taken[#taken + 1] = {jobId, token, 'missing'}
  elseif status ~= 'accepted' and status ~= 'running' then
    taken[#taken + 1] = {jobId, token, 'ended'}
  else
    taken[#taken + 1] = {jobId, token, 'started', redis.call('HGETALL', key)}
    redis.call('HINCRBY', key, 'attempt', 1)
    redis.call('HSET', key, 'status', 'running', 'token', token, 'startedAt', ARGV[1])
  end
end
return {taken, 0}`;

/**
 * The end, also of the job. KEYS invocation, open, counters, ended or dead, outbox, beginning of the queue's keys; ARGV token, status, nowMs, keepSeconds, requestId, keep count,
 * prefix of invocation keys, outbox members with spaces between, fields...
 * @returns settled | stale | missing
 */
export const SETTLE = `${ALLOW_OOM}${FINISH_JOB}
finishJob(KEYS[6], 'e-' .. ARGV[5], ARGV[3], ARGV[1])
local now = redis.call('HMGET', KEYS[1], 'status', 'token')
if not now[1] then return 'missing' end
if now[1] ~= 'running' or now[2] ~= ARGV[1] then return 'stale' end
redis.call('HSET', KEYS[1], 'status', ARGV[2], 'endedAt', ARGV[3], unpack(ARGV, 9))
redis.call('HDEL', KEYS[1], 'token')
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('ZREM', KEYS[2], ARGV[5])
redis.call('HINCRBY', KEYS[3], ARGV[2], 1)
redis.call('ZADD', KEYS[4], ARGV[3], ARGV[5])
redis.call('EXPIRE', KEYS[4], ARGV[4])
local surplus = redis.call('ZCARD', KEYS[4]) - tonumber(ARGV[6])
if surplus > 0 then
  local oldest = redis.call('ZPOPMIN', KEYS[4], math.min(surplus, 10))
  for i = 1, #oldest, 2 do redis.call('UNLINK', ARGV[7] .. oldest[i]) end
end
for member in string.gmatch(ARGV[8], '%S+') do redis.call('ZADD', KEYS[5], ARGV[3], member) end
return 'settled'`;

/**
 * Back to accepted, to be tried again. KEYS invocation; ARGV token, 1 when the attempt does not count, fields...
 * @returns released | stale
 */
export const RELEASE = `${ALLOW_OOM}
local now = redis.call('HMGET', KEYS[1], 'status', 'token')
if now[1] ~= 'running' or now[2] ~= ARGV[1] then return 'stale' end
redis.call('HSET', KEYS[1], 'status', 'accepted', unpack(ARGV, 3))
redis.call('HDEL', KEYS[1], 'token')
if ARGV[2] == '1' then redis.call('HINCRBY', KEYS[1], 'attempt', -1) end
return 'released'`;

/**
 * KEYS invocation, open, counters, ended; ARGV requestId, nowMs, keepSeconds, channel, notice.
 * @returns missing | cancelled | running | the final status that it has
 */
export const CANCEL = `
local status = redis.call('HGET', KEYS[1], 'status')
if not status then return 'missing' end
if status == 'running' then
  redis.call('HSET', KEYS[1], 'cancelRequestedAt', ARGV[2])
  redis.call('PUBLISH', ARGV[4], ARGV[5])
  return 'running'
end
if status ~= 'accepted' then return status end
redis.call('HSET', KEYS[1], 'status', 'cancelled', 'endedAt', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HINCRBY', KEYS[3], 'cancelled', 1)
redis.call('ZADD', KEYS[4], ARGV[2], ARGV[1])
redis.call('EXPIRE', KEYS[4], ARGV[3])
return 'cancelled'`;

/**
 * A dead letter becomes a new event (whose ACCEPT is in the same transaction).
 * KEYS invocation, dead, invocation of the new event; ARGV requestId, id of the new event.
 * @returns id of the newest event that was made of it, or nothing when that was refused
 */
export const REDRIVE = `
if redis.call('EXISTS', KEYS[3]) == 0 then return false end
redis.call('HSET', KEYS[1], 'redrivenAs', ARGV[2])
redis.call('ZREM', KEYS[2], ARGV[1])
return ARGV[2]`;

/** KEYS outbox; ARGV nowMs, untilMs, count. @returns members that are due; others see them again after `untilMs` */
export const LEASE = `
local due = redis.call('ZRANGEBYSCORE', KEYS[1], 0, ARGV[1], 'LIMIT', 0, ARGV[3])
for _, member in ipairs(due) do redis.call('ZADD', KEYS[1], ARGV[2], member) end
return due`;

/**
 * A synchronous call under a key. KEYS call; ARGV fingerprint, requestId, leaseMs.
 * @returns {new} | {other | running, requestId} | {ended, requestId, bytes, headers, body}
 */
export const CLAIM_CALL = `
local known = redis.call('HMGET', KEYS[1], 'fingerprint', 'id', 'bytes', 'headers', 'body')
if not known[1] then
  redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1], 'id', ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  return {'new'}
end
if known[1] ~= ARGV[1] then return {'other', known[2]} end
if not known[3] then return {'running', known[2]} end
return {'ended', known[2], known[3], known[4], known[5]}`;

/** Its answer. KEYS call; ARGV requestId, keepMs, fields... @returns 1, or 0 when the key is somebody else's by now */
export const KEEP_CALL = `${ALLOW_OOM}
if redis.call('HGET', KEYS[1], 'id') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`;

/** It has no answer that is worth keeping. KEYS call; ARGV requestId. */
export const RELEASE_CALL = `
if redis.call('HGET', KEYS[1], 'id') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`;

export const SCRIPTS = {
  asyncLease: { lua: LEASE, numberOfKeys: 1 },
  asyncAccept: { lua: ACCEPT, numberOfKeys: 5 },
  asyncClaim: { lua: CLAIM, numberOfKeys: 1 },
  asyncTake: { lua: TAKE, numberOfKeys: 1 },
  asyncSettle: { lua: SETTLE, numberOfKeys: 6 },
  asyncRelease: { lua: RELEASE, numberOfKeys: 1 },
  asyncCancel: { lua: CANCEL, numberOfKeys: 4 },
  asyncClaimCall: { lua: CLAIM_CALL, numberOfKeys: 1 },
  asyncKeepCall: { lua: KEEP_CALL, numberOfKeys: 1 },
  asyncReleaseCall: { lua: RELEASE_CALL, numberOfKeys: 1 },
  asyncRedrive: { lua: REDRIVE, numberOfKeys: 3 },
} as const;

export type ScriptName = keyof typeof SCRIPTS;
