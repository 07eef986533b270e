import type { InitHeader, StoredFunction } from '@easyfaas/contracts/wire';
import { CONTAINER_PATHS, LIMITS } from '@easyfaas/contracts/wire';
import type { Call } from './call';

/** The header of INVOKE as JSON text. Built by hand: what can need escaping is escaped, the rest is known to be plain. */
export function invokeHeaderJson(call: Call, remainingMs: number): string {
  const { requestId, contentType, clientContext } = call.request;
  const { trace } = call;
  let json = `{"requestId":"${requestId}","nonce":"${call.nonce}","remainingMs":${remainingMs}`;
  if (contentType === 'application/json') json += ',"contentType":"application/json"';
  else if (contentType !== undefined) json += `,"contentType":${JSON.stringify(contentType)}`;
  if (clientContext !== undefined) json += `,"clientContext":${JSON.stringify(clientContext)}`;
  if (trace !== undefined) json += `,"traceparent":${JSON.stringify(trace.traceparent)}`;
  if (trace?.tracestate !== undefined) json += `,"tracestate":${JSON.stringify(trace.tracestate)}`;
  if (call.answer !== undefined) json += `,"windowBytes":${LIMITS.streamWindowBytes}`;
  return `${json}}`;
}

/**
 * The header of INIT: everything that a container learns about its function.
 * @param taskRoot where the code is, as the runtime process sees it
 * @param secrets variables too, and of two of a name the secret
 */
export function initHeader(
  { configuration, layers = [] }: StoredFunction,
  taskRoot: string,
  secrets: Readonly<Record<string, string>>,
): InitHeader {
  const { FunctionName, FunctionArn, Version, Handler, MemorySize, Timeout, PodConcurrentQuota, NetworkMode, Environment } = configuration;
  const hasLayers = layers.length > 0;
  return {
    functionName: FunctionName,
    functionVersion: Version,
    functionArn: FunctionArn,
    handler: Handler,
    memoryMb: MemorySize,
    timeoutMs: Timeout * 1000,
    concurrency: PodConcurrentQuota,
    env: {
      TZ: ':UTC',
      ...Environment.Variables,
      ...secrets,
      ...platformVariables(configuration, taskRoot),
      ...(hasLayers ? LAYER_VARIABLES : {}),
    },
    taskRoot,
    ...(hasLayers ? { layersRoot: CONTAINER_PATHS.layers } : {}),
    network: NetworkMode,
  };
}

/** Programs and shared libraries of layers, for what the function starts. Where modules are looked for is the runtimes' business. */
const LAYER_VARIABLES = { PATH: '/usr/local/bin:/usr/bin:/bin:/opt/bin', LD_LIBRARY_PATH: '/opt/lib' };

/** What tells a function its memory: in INIT, and again in UPDATE when it was changed. */
export function memoryVariables(memoryMb: number): Record<string, string> {
  return { AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb), EASYFAAS_FUNCTION_MEMORY_MB: String(memoryMb) };
}

/** As AWS Lambda sets them, so that code written for it finds them. They win over a user's of the same name. */
function platformVariables(configuration: StoredFunction['configuration'], taskRoot: string): Record<string, string> {
  const { FunctionName, Version, MemorySize, Handler, Runtime } = configuration;
  return {
    AWS_LAMBDA_FUNCTION_NAME: FunctionName,
    AWS_LAMBDA_FUNCTION_VERSION: Version,
    ...memoryVariables(MemorySize),
    AWS_EXECUTION_ENV: `EasyFaaS_${Runtime}`,
    LAMBDA_TASK_ROOT: taskRoot,
    LAMBDA_RUNTIME_DIR: CONTAINER_PATHS.easyfaas,
    _HANDLER: Handler,
    EASYFAAS_FUNCTION_NAME: FunctionName,
    EASYFAAS_FUNCTION_VERSION: Version,
  };
}
