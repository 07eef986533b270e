import { LIMITS, type PoolResizeRequest, type ResizeRequest, type TransitionRequest, type WarmUpRequest } from '../wire';

// Requests that a call waits for, or an operator who wants a limit in force at once: checked by hand, since a schema costs 0.1 ms, several times that in code that is run
// so seldom. What does not pass here is put to the schema of funclet-api.ts, which names the member; tests hold the two together.

const SHA256 = /^[0-9a-f]{64}$/;
const MEMORY_MB_MIN = 16;

export function isWarmUpRequest(value: unknown): value is WarmUpRequest {
  if (!hasOnly(value, ['operationId', 'assignment', 'memoryMb', 'codeSha256', 'layerSha256s', 'reason'])) return false;
  const { operationId, assignment, memoryMb, codeSha256, layerSha256s, reason } = value;
  return (
    isText(operationId, 64) &&
    hasOnly(assignment, ['accountId', 'functionName', 'version', 'commitId']) &&
    isText(assignment['accountId'], 64) &&
    isText(assignment['functionName'], 64) &&
    isText(assignment['version'], 32) &&
    isText(assignment['commitId'], 128) &&
    isMemory(memoryMb) &&
    isSha256(codeSha256) &&
    // Layers are for the schema.
    layerSha256s === undefined &&
    isText(reason, 512)
  );
}

export function isTransitionRequest(value: unknown): value is TransitionRequest {
  return hasOnly(value, ['operationId', 'reason']) && isText(value['operationId'], 64) && isText(value['reason'], 512);
}

export function isResizeRequest(value: unknown): value is ResizeRequest {
  if (!hasOnly(value, ['operationId', 'memoryMb', 'commitId'])) return false;
  const { operationId, memoryMb, commitId } = value;
  return isText(operationId, 64) && isMemory(memoryMb) && (commitId === undefined || isText(commitId, 128));
}

/** Of `PATCH /v1/pool/{id}`. */
export function isPoolResizeRequest(value: unknown): value is PoolResizeRequest {
  return hasOnly(value, ['memoryMb']) && isMemory(value['memoryMb']);
}

function hasOnly(value: unknown, names: readonly string[]): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  for (const name in value) if (!names.includes(name)) return false;
  return true;
}

/** The schemas take no empty text either. */
function isText(value: unknown, lengthMax: number): boolean {
  return typeof value === 'string' && value.length > 0 && value.length <= lengthMax;
}

function isMemory(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= MEMORY_MB_MIN && (value as number) <= LIMITS.memoryMbMax;
}

function isSha256(value: unknown): boolean {
  return typeof value === 'string' && SHA256.test(value);
}
