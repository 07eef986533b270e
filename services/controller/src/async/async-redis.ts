import type { Redis } from 'ioredis';
import { ServiceError } from '@easyfaas/service-kit';
import { SCRIPTS, type ScriptName } from './async-scripts';

export type ScriptArgument = string | number | Buffer;
type Command = (...args: ScriptArgument[]) => Promise<unknown>;

/** Makes the scripts known to a connection; safe to repeat. */
export function defineScripts(redis: Redis): void {
  for (const [name, definition] of Object.entries(SCRIPTS)) redis.defineCommand(name, { ...definition });
}

/** Runs a script; texts in its answer. @throws ServiceError QUEUE_UNAVAILABLE, QUEUE_FULL */
export function runScript(redis: Redis, name: ScriptName, keys: readonly string[], args: readonly ScriptArgument[]): Promise<unknown> {
  return queueCall(() => callScript(redis, name, [...keys, ...args]));
}

/** The same with bytes in its answer. */
export function runScriptForBytes(
  redis: Redis,
  name: ScriptName,
  keys: readonly string[],
  args: readonly ScriptArgument[],
): Promise<unknown> {
  return queueCall(() => callScript(redis, `${name}Buffer`, [...keys, ...args]));
}

/** One of several scripts that are run together. */
export interface ScriptStep {
  script: ScriptName;
  keys: readonly string[];
  args: readonly ScriptArgument[];
}

/** Runs scripts in one transaction. @returns their answers @throws ServiceError QUEUE_UNAVAILABLE, QUEUE_FULL */
export async function runTogether(redis: Redis, steps: readonly ScriptStep[]): Promise<unknown[]> {
  return queueCall(async () => {
    const transaction = redis.multi();
    const commands = transaction as unknown as Record<string, (...args: ScriptArgument[]) => unknown>;
    for (const { script, keys, args } of steps) commands[script]?.(...keys, ...args);
    const results = await transaction.exec();
    const failure = results?.find(([error]) => error !== null)?.[0];
    if (results === null || (failure !== undefined && failure !== null)) throw queueFailure(failure);
    return results.map(([, value]) => value);
  });
}

/** A connection that is being made for the first time is waited for; one that broke is not. */
export function whenOpened(redis: Redis): Promise<void> {
  let opening = openings.get(redis);
  if (opening === undefined) {
    const isOpening = redis.status === 'connecting' || redis.status === 'connect';
    opening = isOpening ? firstOf(redis, ['ready', 'close']) : Promise.resolve();
    openings.set(redis, opening);
  }
  return opening;
}

const openings = new WeakMap<Redis, Promise<void>>();

function firstOf(redis: Redis, events: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    for (const event of events) redis.once(event, () => resolve());
  });
}

/** Runs a script whose failures the caller translates. @param name ends in `Buffer` for bytes in the answer */
export function callScript(redis: Redis, name: ScriptName | `${ScriptName}Buffer`, args: readonly ScriptArgument[]): Promise<unknown> {
  const command = (redis as unknown as Record<string, Command>)[name];
  if (command === undefined) throw new Error(`The script ${name} is not defined on this connection.`);
  return command.apply(redis, [...args]);
}

/** Runs a command of the queue and translates its failure once. @throws ServiceError QUEUE_UNAVAILABLE, QUEUE_FULL */
export async function queueCall<T>(command: () => Promise<T>): Promise<T> {
  try {
    return await command();
  } catch (cause) {
    throw queueFailure(cause);
  }
}

/** What a failed command means for whoever hands in or asks for events. */
export function queueFailure(cause: unknown): ServiceError {
  if (cause instanceof ServiceError) return cause;
  const headers = { 'Retry-After': '1' };
  if (isOutOfMemory(cause)) {
    const text = 'Redis has no memory left (maxmemory) and takes no events; give it more, or wait until others have been worked off.';
    return new ServiceError('QUEUE_FULL', text, { cause, headers });
  }
  const text = 'Redis did not acknowledge the event in time. It may still run: repeat it with the same Idempotency-Key.';
  return new ServiceError('QUEUE_UNAVAILABLE', text, { cause, headers });
}

/** Also where a transaction was refused for one of its commands. */
function isOutOfMemory(cause: unknown): boolean {
  if (saysOutOfMemory(cause)) return true;
  if (!(cause instanceof Error) || !('previousErrors' in cause)) return false;
  // Not followed any further: when a connection breaks, ioredis fails all commands with one error, which then lists itself.
  return Array.isArray(cause.previousErrors) && cause.previousErrors.some(saysOutOfMemory);
}

function saysOutOfMemory(cause: unknown): boolean {
  return cause instanceof Error && /^OOM\b|\bOOM command not allowed/.test(cause.message);
}
