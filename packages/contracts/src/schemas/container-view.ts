import { CONTAINER_STATES, type ContainerView, type WatchEvent } from '../wire';
import { containerViewSchema, watchEventSchema } from './funclet-api';
import { parse } from './parse';

const CONTAINER_ID = /^[0-9a-f]{12}$/;
const STATES: ReadonlySet<unknown> = new Set(CONTAINER_STATES);
const HISTORY_MAX = 64;

/**
 * What the funclet said of a container. On the path of cold calls: what looks right to a hand-written check, some 2 us, is not put to
 * the schema, some 100 us and 700 us where it is seldom run; what does not is, which names the member.
 * @throws SchemaError
 */
export function parseContainerView(value: unknown): ContainerView {
  return isContainerView(value) ? value : parse(containerViewSchema, value);
}

/** A line of the funclet's watch. @throws SchemaError */
export function parseWatchEvent(value: unknown): WatchEvent {
  if (isObject(value) && typeof value['revision'] === 'number') {
    if (value['type'] === 'change' && isContainerView(value['container'])) return value as unknown as WatchEvent;
    if (value['type'] === 'heartbeat') return value as unknown as WatchEvent;
  }
  return parse(watchEventSchema(value), value);
}

function isContainerView(value: unknown): value is ContainerView {
  if (!isObject(value)) return false;
  const { containerId, state, network, assignment, exit, history, dockerId, tmpMb } = value;
  return (
    typeof containerId === 'string' &&
    CONTAINER_ID.test(containerId) &&
    STATES.has(state) &&
    (network === 'none' || network === 'egress') &&
    areAll(value, ['reason', 'runtime', 'socketDirectory', 'token'], 'string') &&
    areAll(value, ['revision', 'memoryMb', 'classMb', 'createdAtMs', 'stateSinceMs'], 'number') &&
    (tmpMb === undefined || typeof tmpMb === 'number') &&
    (dockerId === undefined || typeof dockerId === 'string') &&
    (assignment === undefined ||
      (isObject(assignment) && areAll(assignment, ['accountId', 'functionName', 'version', 'commitId'], 'string'))) &&
    (exit === undefined ||
      (isObject(exit) && typeof exit['oomKilled'] === 'boolean' && (exit['exitCode'] === null || typeof exit['exitCode'] === 'number'))) &&
    Array.isArray(history) &&
    history.length <= HISTORY_MAX &&
    history.every(isTransition)
  );
}

function isTransition(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { from, to, reason, atMs } = value;
  return (from === null || STATES.has(from)) && STATES.has(to) && typeof reason === 'string' && typeof atMs === 'number';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function areAll(value: Record<string, unknown>, names: readonly string[], type: 'string' | 'number'): boolean {
  return names.every((name) => typeof value[name] === type);
}
