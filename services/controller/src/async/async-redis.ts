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
  return queueCall(() => (redis as unknown as Record<string, Command>)[name]?.(...keys, ...args) ?? undefinedScript(name));
}

/** The same with bytes in its answer. */
export function runScriptForBytes(
  redis: Redis,
  name: ScriptName,
  keys: readonly string[],
  args: readonly ScriptArgument[],
): Promise<unknown> {
  return queueCall(() => (redis as unknown as Record<string, Command>)[`${name}Buffer`]?.(...keys, ...args) ?? undefinedScript(name));
}

function undefinedScript(name: string): never {
  throw new Error(`The script ${name} is not defined on this connection.`);
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
