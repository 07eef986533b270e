import { addDelayedJob } from 'bullmq/dist/cjs/scripts/addDelayedJob-6';
import { addStandardJob } from 'bullmq/dist/cjs/scripts/addStandardJob-9';
import { moveToActive } from 'bullmq/dist/cjs/scripts/moveToActive-11';
import { moveToFinished } from 'bullmq/dist/cjs/scripts/moveToFinished-14';

/**
 * What BullMQ's own scripts do, as Lua functions for ours: one command then does what would be two or more, with nothing between
 * them. `q` is what the names of a queue's keys begin with. Keys and arguments are those that the backend of the same
 * version of BullMQ hands over; the number of keys is in the name of each file, so that another version does not go unnoticed.
 */

const asFunction = (name: string, content: string): string => `local function ${name}(KEYS, ARGV)\n${content}\nend\n`;

/** `addJob(q, jobId, nowMs, delayMs)`. No data and no tries: the event has them. */
export const ADD_JOB = `${asFunction('addStandardJob', addStandardJob.content)}${asFunction('addDelayedJob', addDelayedJob.content)}
local function addJob(q, jobId, nowMs, delayMs)
  local job = cmsgpack.pack({q, jobId, 'event', nowMs})
  if delayMs > 0 then
    local keys = {q .. 'marker', q .. 'meta', q .. 'id', q .. 'delayed', q .. 'completed', q .. 'events'}
    return addDelayedJob(keys, {job, '{}', cmsgpack.pack({attempts = 0, delay = delayMs})})
  end
  local keys = {q .. 'wait', q .. 'paused', q .. 'meta', q .. 'id', q .. 'completed', q .. 'delayed', q .. 'active', q .. 'events', q .. 'marker'}
  return addStandardJob(keys, {job, '{}', cmsgpack.pack({attempts = 0})})
end
`;

/** `takeJob(q, nowMs, token, lockMs)`: the id of a job that is locked now, or nil and when the next one is due. */
export const TAKE_JOB = `${asFunction('moveToActive', moveToActive.content)}
local function takeJob(q, nowMs, token, lockMs)
  local keys = {q .. 'wait', q .. 'active', q .. 'prioritized', q .. 'events', q .. 'stalled', q .. 'limiter', q .. 'delayed',
    q .. 'paused', q .. 'meta', q .. 'pc', q .. 'marker'}
  local moved = moveToActive(keys, {q, nowMs, cmsgpack.pack({token = token, lockDuration = lockMs})})
  if type(moved[2]) == 'string' then return moved[2] end
  return nil, moved[4]
end
`;

/** `finishJob(q, jobId, nowMs, token)`: the job goes. @returns a number below 0 when the lock was lost: somebody else has it */
export const FINISH_JOB = `${asFunction('moveToFinished', moveToFinished.content)}
local function finishJob(q, jobId, nowMs, token)
  local keys = {q .. 'wait', q .. 'active', q .. 'prioritized', q .. 'events', q .. 'stalled', q .. 'limiter', q .. 'delayed',
    q .. 'paused', q .. 'meta', q .. 'pc', q .. 'completed', q .. jobId, q .. 'metrics:completed', q .. 'marker'}
  local opts = cmsgpack.pack({token = token, keepJobs = {count = 0}, attempts = 0, maxMetricsSize = ''})
  return moveToFinished(keys, {jobId, nowMs, 'returnvalue', 'null', 'completed', '0', q, opts, ''})
end
`;
