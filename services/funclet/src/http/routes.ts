import {
  initRequestSchema,
  isResizeRequest,
  isTransitionRequest,
  isWarmUpRequest,
  prepareCodeRequestSchema,
  resetRequestSchema,
  resizeRequestSchema,
  transitionRequestSchema,
  warmUpRequestSchema,
} from '@easyfaas/contracts/schemas';
import type { ContainerList, NodeView } from '@easyfaas/contracts/wire';
import type { Registry as Metrics } from '@easyfaas/service-kit';
import type { CodeCache } from '../code/code-cache';
import type { ContainerRegistry } from '../lifecycle/container-registry';
import type { Containers } from '../lifecycle/containers';
import { type CodePart, codeParts } from '../code/code-parts';
import { readJson } from './read-json';

export interface Readiness {
  isReady: boolean;
  /** `ok` or what is wrong, by dependency. */
  checks: Record<string, string>;
}

/** What the routes answer from. */
export interface FuncletApi {
  registry: ContainerRegistry;
  containers: Containers;
  code: CodeCache;
  node(): NodeView;
  readiness(): Readiness;
  metrics: Metrics;
}

export interface RouteCall {
  /** @throws ServiceError PAYLOAD_TOO_LARGE, BAD_REQUEST */
  body: () => Buffer | Promise<Buffer>;
  /** Container id or package, from the path. */
  id: string;
  signal: AbortSignal;
}

/** A body that is not JSON. */
export interface TextAnswer {
  contentType: string;
  text: string;
}

export interface Route {
  /** Milliseconds when the request has no `timeout`. */
  timeoutMs: number;
  status: number;
  run: (call: RouteCall) => Promise<object>;
}

const QUICK_MS = 5_000;
const SLOW_MS = 60_000;

/**
 * Routes by method and path, where `{id}` stands for the one variable part. A table of functions, not express: this
 * dispatch costs some 5 us of a warm-up, express cost 180.
 */
export function createRoutes(api: FuncletApi): ReadonlyMap<string, Route> {
  const { registry, containers, code } = api;
  const route = (timeoutMs: number, run: Route['run'], status = 200): Route => ({ timeoutMs, status, run });
  return new Map<string, Route>([
    ['GET /v1/node', route(QUICK_MS, async () => api.node())],
    ['GET /v1/containers', route(QUICK_MS, async () => listOf(registry))],
    ['GET /v1/containers/{id}', route(QUICK_MS, async ({ id }) => registry.get(id).view)],
    [
      'POST /v1/containers',
      route(SLOW_MS, async ({ body, signal }) => containers.init(readJson(await body(), initRequestSchema), signal), 201),
    ],
    [
      'POST /v1/containers/{id}/attached',
      route(QUICK_MS, async ({ body, id }) =>
        containers.attached(id, readJson(await body(), transitionRequestSchema, isTransitionRequest)),
      ),
    ],
    [
      'POST /v1/containers/{id}/warm-up',
      route(SLOW_MS, async ({ body, id, signal }) =>
        containers.warmUp(id, readJson(await body(), warmUpRequestSchema, isWarmUpRequest), signal),
      ),
    ],
    [
      'POST /v1/containers/{id}/loaded',
      route(QUICK_MS, async ({ body, id }) => containers.loaded(id, readJson(await body(), transitionRequestSchema, isTransitionRequest))),
    ],
    [
      'PATCH /v1/containers/{id}',
      route(QUICK_MS, async ({ body, id, signal }) =>
        containers.resize(id, readJson(await body(), resizeRequestSchema, isResizeRequest), signal),
      ),
    ],
    [
      'POST /v1/containers/{id}/pause',
      route(QUICK_MS, async ({ body, id, signal }) =>
        containers.pause(id, readJson(await body(), transitionRequestSchema, isTransitionRequest), signal),
      ),
    ],
    [
      'POST /v1/containers/{id}/resume',
      route(QUICK_MS, async ({ body, id, signal }) =>
        containers.resume(id, readJson(await body(), transitionRequestSchema, isTransitionRequest), signal),
      ),
    ],
    [
      'POST /v1/containers/{id}/reset',
      route(SLOW_MS, async ({ body, id, signal }) => containers.reset(id, readJson(await body(), resetRequestSchema), signal)),
    ],
    [
      'POST /v1/code/{id}/prepare',
      route(SLOW_MS, async ({ body, id, signal }) => {
        const { accountId, layerSha256s } = readJson(await body(), prepareCodeRequestSchema);
        const { task, layers } = codeParts({ accountId, codeSha256: id, layerSha256s });
        const ensure = (part: CodePart | undefined): Promise<unknown> | undefined => part && code.ensure(part.name, signal, part.parts);
        await Promise.all([ensure(task), ensure(layers)]);
        return { codeSha256: id };
      }),
    ],
    ['GET /healthz', route(QUICK_MS, async () => ({ status: 'ok' }))],
    [
      'GET /metrics',
      route(QUICK_MS, async (): Promise<TextAnswer> => ({ contentType: api.metrics.contentType, text: await api.metrics.metrics() })),
    ],
  ]);
}

function listOf(registry: ContainerRegistry): ContainerList {
  return { revision: registry.revision, containers: registry.views() };
}
