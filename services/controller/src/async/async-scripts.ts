import { ADD_DELAYED_JOB, TAKE_JOB } from './bullmq-moves';
import { ADD_JOBS, FINISH_JOBS, TAKE_JOBS } from './job-moves';

/**
 * Every move in the life of an event is one of these scripts: what belongs together happens together, and nothing that was
 * decided about an older state is carried out on a newer one. An attempt is fenced by its token.
 */

/** Room for what is being carried out already: it ends, and makes room, where nothing new is taken in any more. */
const ALLOW_OOM = '#!lua flags=allow-oom\n';

/**
 * Events of one function and their jobs. Others are told only when nothing was waiting: whoever has found the queue empty has to hear of the first one.
 * KEYS open, counters, functions, beginning of the queue's keys; ARGV nowMs, limit, function, channel, notice, prefix of invocation
 * keys, then of each event: requestId, delayMs, count of what follows, fields...
 * @returns of each: exists | full | accepted
 */
export const ACCEPT = `${ADD_DELAYED_JOB}${ADD_JOBS}
local q, nowMs = KEYS[4], ARGV[1]
local room = tonumber(ARGV[2]) - redis.call('ZCARD', KEYS[1])
local answers, opened, jobIds, delayed = {}, {}, {}, {}
local at = 7
while at <= #ARGV do
  local id, delayMs, first = ARGV[at], tonumber(ARGV[at + 1]), at + 3
  at = first + tonumber(ARGV[at + 2])
  local key, answer = ARGV[6] .. id, 'accepted'
  if redis.call('EXISTS', key) == 1 then answer = 'exists'
  elseif room <= 0 then answer = 'full'
  else
    room = room - 1
    redis.call('HSET', key, 'status', 'accepted', 'acceptedAt', nowMs, unpack(ARGV, first, at - 1))
    opened[#opened + 1] = nowMs
    opened[#opened + 1] = id
    if delayMs > 0 then delayed[#delayed + 1] = {'e-' .. id, delayMs} else jobIds[#jobIds + 1] = 'e-' .. id end
  end
  answers[#answers + 1] = answer
end
if #opened == 0 then return answers end
redis.call('ZADD', KEYS[1], unpack(opened))
redis.call('HINCRBY', KEYS[2], 'accepted', #opened / 2)
redis.call('HSETNX', q .. 'meta', 'opts.maxLenEvents', 10)
redis.call('SADD', KEYS[3], ARGV[3])
if #delayed > 0 or redis.call('LLEN', q .. 'wait') == 0 then redis.call('PUBLISH', ARGV[4], ARGV[5]) end
if #jobIds > 0 then addJobs(q, jobIds, nowMs) end
for _, job in ipairs(delayed) do addDelayedJob(q, job[1], nowMs, job[2]) end
return answers`;

/** KEYS idempotency; ARGV requestId, bodyHash, ttlSeconds. @returns {requestId, bodyHash} that hold, {} when these are new */
export const CLAIM = `
local known = redis.call('HMGET', KEYS[1], 'id', 'bodyHash')
if known[1] then return known end
redis.call('HSET', KEYS[1], 'id', ARGV[1], 'bodyHash', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return {}`;

/**
 * A worker takes events and begins an attempt of each. A state of running means that another one began and was lost.
 * Once their payloads have more bytes than asked for, the others stay for whoever asks next; the first one is always taken.
 * KEYS beginning of the queue's keys; ARGV nowMs, lockMs, prefix of invocation keys, bytes, a token for each that may be taken...
 * @returns {{job id, token, missing | ended | started, all fields as they were before}...}, when the next one is due or 0, 1 when some were left for their bytes
 */
export const TAKE = `${ALLOW_OOM}${TAKE_JOB}${TAKE_JOBS}
local taken, room, first = {}, tonumber(ARGV[4]), 5
local function begin(jobId, token)
  local key = ARGV[3] .. string.sub(jobId, 3)
  local before = redis.call('HGETALL', key)
  local status, attempt
  for i = 1, #before, 2 do
    local name = before[i]
    if name == 'status' then status = before[i + 1]
    elseif name == 'attempt' then attempt = before[i + 1]
    elseif name == 'payload' then room = room - #before[i + 1] end
  end
  if not status then
    taken[#taken + 1] = {jobId, token, 'missing'}
  elseif status ~= 'accepted' and status ~= 'running' then
    taken[#taken + 1] = {jobId, token, 'ended'}
  else
    taken[#taken + 1] = {jobId, token, 'started', before}
    redis.call('HSET', key, 'status', 'running', 'token', token, 'startedAt', ARGV[1], 'attempt', (tonumber(attempt) or 0) + 1)
  end
end
local jobIds, nextDueMs = takeJobs(KEYS[1], tonumber(ARGV[1]), #ARGV - first + 1)
if jobIds then
  for i, jobId in ipairs(jobIds) do
    if room < 0 then
      putJobsBack(KEYS[1], jobIds, i)
      return {taken, 0, 1}
    end
    local token = ARGV[first + i - 1]
    redis.call('SET', KEYS[1] .. jobId .. ':lock', token, 'PX', ARGV[2])
    begin(jobId, token)
  end
  return {taken, nextDueMs or 0, 0}
end
for i = first, #ARGV do
  if room < 0 then return {taken, 0, 1} end
  local jobId
  jobId, nextDueMs = takeJob(KEYS[1], ARGV[1], ARGV[i], tonumber(ARGV[2]))
  if not jobId then return {taken, nextDueMs or 0, 0} end
  begin(jobId, ARGV[i])
end
return {taken, 0, 0}`;

/**
 * The end of events of one function, also of their jobs. KEYS open, counters, ended, dead, outbox, beginning of the queue's keys; ARGV prefix of invocation
 * keys, keepSeconds and keep count of ended ones, the same of dead letters, then of each event: requestId, token, status, nowMs, 1 for a dead letter, outbox members
 * with spaces between, count of what follows, fields...
 * An ended event keeps the token of the try that ended it: whoever lost the answer and asks again is told that it was his.
 * @returns of each: settled | stale | missing
 */
export const SETTLE = `${ALLOW_OOM}${FINISH_JOBS}
local answers, jobIds, tokens, closed, counts, lists = {}, {}, {}, {}, {}, {{}, {}}
local at = 6
while at <= #ARGV do
  local id, token, status, nowMs, list, first = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4] == '1' and 2 or 1, at + 7
  local members = ARGV[at + 5]
  at = first + tonumber(ARGV[at + 6])
  jobIds[#jobIds + 1] = 'e-' .. id
  tokens[#tokens + 1] = token
  local key, answer = ARGV[1] .. id, 'settled'
  local now = redis.call('HMGET', key, 'status', 'token')
  if not now[1] then answer = 'missing'
  elseif now[2] ~= token or now[1] == 'accepted' then answer = 'stale'
  elseif now[1] == 'running' then
    redis.call('HSET', key, 'status', status, 'endedAt', nowMs, unpack(ARGV, first, at - 1))
    redis.call('EXPIRE', key, ARGV[list * 2])
    closed[#closed + 1] = id
    counts[status] = (counts[status] or 0) + 1
    local ended = lists[list]
    ended[#ended + 1] = nowMs
    ended[#ended + 1] = id
    for member in string.gmatch(members, '%S+') do redis.call('ZADD', KEYS[5], nowMs, member) end
  end
  answers[#answers + 1] = answer
end
finishJobs(KEYS[6], jobIds, tokens)
if #closed > 0 then redis.call('ZREM', KEYS[1], unpack(closed)) end
for status, count in pairs(counts) do redis.call('HINCRBY', KEYS[2], status, count) end
for list, ended in ipairs(lists) do
  if #ended > 0 then
    local key = KEYS[2 + list]
    redis.call('ZADD', key, unpack(ended))
    redis.call('EXPIRE', key, ARGV[list * 2])
    local surplus = redis.call('ZCARD', key) - tonumber(ARGV[list * 2 + 1])
    if surplus > 0 then
      local oldest, keys = redis.call('ZPOPMIN', key, math.min(surplus, 10 + #ended / 2)), {}
      for i = 1, #oldest, 2 do keys[#keys + 1] = ARGV[1] .. oldest[i] end
      redis.call('UNLINK', unpack(keys))
    end
  end
end
return answers`;

/**
 * Back to accepted, to be tried again. KEYS invocation; ARGV token, 1 when the attempt does not count, fields...
 * The token stays until the next try, as at an end.
 * @returns released | stale
 */
export const RELEASE = `${ALLOW_OOM}
local now = redis.call('HMGET', KEYS[1], 'status', 'token')
if now[2] ~= ARGV[1] then return 'stale' end
if now[1] == 'accepted' then return 'released' end
if now[1] ~= 'running' then return 'stale' end
redis.call('HSET', KEYS[1], 'status', 'accepted', unpack(ARGV, 3))
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
  asyncAccept: { lua: ACCEPT, numberOfKeys: 4 },
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
