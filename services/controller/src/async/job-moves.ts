/**
 * The three moves that every event makes through BullMQ's queue, for many jobs at once, as Lua functions. They leave in BullMQ's keys what its own scripts leave there, without what
 * nobody reads here (its stream of events, counters of tries), and nothing else of BullMQ is replaced: delays, locks that are renewed or lost, jobs that go back. A
 * test compares them with BullMQ's. `q` is what the names of a queue's keys begin with.
 */

/** `addJobs(q, jobIds, nowMs)`: what BullMQ's addStandardJob does for each. */
export const ADD_JOBS = `
local function addJobs(q, jobIds, nowMs)
  for _, jobId in ipairs(jobIds) do
    redis.call('HSET', q .. jobId, 'name', 'event', 'data', '{}', 'opts', '{"attempts":0}', 'timestamp', nowMs, 'delay', 0, 'priority', 0)
  end
  redis.call('LPUSH', q .. 'wait', unpack(jobIds))
  redis.call('ZADD', q .. 'marker', 0, '0')
end
`;

/**
 * `takeJobs(q, nowMs, count)`: up to so many ids, which have no lock yet, and when the next one is due or nil; nothing at all when BullMQ's own
 * moveToActive has to look: a delayed job is due, or the queue has limits or priorities.
 */
export const TAKE_JOBS = `
local function takeJobs(q, nowMs, count)
  local limits = redis.call('HMGET', q .. 'meta', 'paused', 'concurrency', 'max')
  if limits[1] or limits[2] or limits[3] or redis.call('EXISTS', q .. 'prioritized') == 1 then return nil end
  local due = tonumber(redis.call('ZRANGE', q .. 'delayed', 0, 0, 'WITHSCORES')[2])
  if due and due < (nowMs + 1) * 0x1000 then return nil end
  local jobIds = redis.call('RPOP', q .. 'wait', count) or {}
  if #jobIds > 0 then redis.call('LPUSH', q .. 'active', unpack(jobIds)) end
  return jobIds, due and math.floor(due / 0x1000)
end

-- Those that were just taken, from the given one on, in their order and before all others.
local function putJobsBack(q, jobIds, first)
  for i = #jobIds, first, -1 do
    redis.call('LREM', q .. 'active', 1, jobIds[i])
    redis.call('RPUSH', q .. 'wait', jobIds[i])
  end
end
`;

/** `finishJobs(q, jobIds, tokens)`: what moveToFinished does for each whose lock is still the token; another one's job stays. */
export const FINISH_JOBS = `
local function finishJobs(q, jobIds, tokens)
  local locks, gone, freed = {}, {}, {}
  for i, jobId in ipairs(jobIds) do locks[i] = q .. jobId .. ':lock' end
  local holders = redis.call('MGET', unpack(locks))
  for i, jobId in ipairs(jobIds) do
    if holders[i] == tokens[i] and redis.call('LREM', q .. 'active', -1, jobId) > 0 then
      gone[#gone + 1] = q .. jobId
      gone[#gone + 1] = locks[i]
      freed[#freed + 1] = jobId
    end
  end
  if #freed == 0 then return end
  redis.call('DEL', unpack(gone))
  redis.call('SREM', q .. 'stalled', unpack(freed))
end
`;
