import { addDelayedJob } from 'bullmq/dist/cjs/scripts/addDelayedJob-6';
import { moveToActive } from 'bullmq/dist/cjs/scripts/moveToActive-11';

/**
 * What BullMQ's own scripts do, as Lua functions for ours: one command then does what would be two or more, with nothing between
 * them. `q` is what the names of a queue's keys begin with. Keys and arguments are those that the backend of the same
 * version of BullMQ hands over; the number of keys is in the name of each file, so that another version does not go unnoticed.
 */

const asFunction = (name: string, content: string): string => `local function ${name}(KEYS, ARGV)\n${content}\nend\n`;

/** `addDelayedJob(q, jobId, nowMs, delayMs)`. No data and no tries: the event has them. */
export const ADD_DELAYED_JOB = `${asFunction('addDelayed', addDelayedJob.content)}
local function addDelayedJob(q, jobId, nowMs, delayMs)
  local job = cmsgpack.pack({q, jobId, 'event', nowMs})
  local keys = {q .. 'marker', q .. 'meta', q .. 'id', q .. 'delayed', q .. 'completed', q .. 'events'}
  return addDelayed(keys, {job, '{}', cmsgpack.pack({attempts = 0, delay = delayMs})})
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
