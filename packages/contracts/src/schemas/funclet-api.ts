import Joi from 'joi';
import type {
  ContainerAssignment,
  ContainerExit,
  ContainerList,
  ContainerTransition,
  ContainerView,
  InitRequest,
  NodeView,
  PrepareCodeRequest,
  ResetRequest,
  ResizeRequest,
  TransitionRequest,
  WarmUpRequest,
  WarmUpResponse,
  WatchEvent,
} from '../wire';
import { CONTAINER_STATES, LIMITS } from '../wire';
import { parse } from './parse';

const id = Joi.string().max(64);
const reason = Joi.string().max(512);
const state = Joi.string().valid(...CONTAINER_STATES);
const network = Joi.string().valid('none', 'egress');
const memoryMb = Joi.number().integer().min(16).max(LIMITS.memoryMbMax);
const tmpMb = Joi.number().valid(...LIMITS.ephemeralStorageMb);
const runtime = Joi.string().pattern(/^[a-z0-9][a-z0-9.-]{0,31}$/);
const sha256 = Joi.string().pattern(/^[0-9a-f]{64}$/);

export const containerIdSchema = Joi.string<string>().pattern(/^[0-9a-f]{12}$/);

export const containerAssignmentSchema = Joi.object<ContainerAssignment, true>({
  accountId: Joi.string().max(64).required(),
  functionName: Joi.string().max(64).required(),
  version: Joi.string().max(32).required(),
  commitId: Joi.string().max(128).required(),
});

export const initRequestSchema = Joi.object<InitRequest, true>({
  operationId: id.required(),
  containerId: containerIdSchema.required(),
  runtime: runtime.required(),
  memoryMb: memoryMb.required(),
  network: network.required(),
  tmpMb,
  reason: reason.required(),
});

export const warmUpRequestSchema = Joi.object<WarmUpRequest, true>({
  operationId: id.required(),
  assignment: containerAssignmentSchema.required(),
  memoryMb: memoryMb.required(),
  codeSha256: sha256.required(),
  layerSha256s: Joi.array().items(sha256).min(1).max(LIMITS.layersPerFunction),
  reason: reason.required(),
});

export const prepareCodeRequestSchema = Joi.object<PrepareCodeRequest, true>({
  accountId: Joi.string().max(64).required(),
  layerSha256s: Joi.array().items(sha256).min(1).max(LIMITS.layersPerFunction),
});

export const resizeRequestSchema = Joi.object<ResizeRequest, true>({
  operationId: id.required(),
  memoryMb: memoryMb.required(),
  commitId: Joi.string().max(128),
});

export const resetRequestSchema = Joi.object<ResetRequest, true>({ operationId: id.required(), reason: reason.required() });

export const transitionRequestSchema = Joi.object<TransitionRequest, true>({ operationId: id.required(), reason: reason.required() });

const transition = Joi.object<ContainerTransition, true>({
  from: state.allow(null).required(),
  to: state.required(),
  reason: reason.required(),
  atMs: Joi.number().required(),
});

const exit = Joi.object<ContainerExit, true>({
  exitCode: Joi.number().allow(null).required(),
  oomKilled: Joi.boolean().required(),
});

export const containerViewSchema = Joi.object<ContainerView, true>({
  containerId: containerIdSchema.required(),
  revision: Joi.number().required(),
  state: state.required(),
  reason: reason.required(),
  runtime: runtime.required(),
  network: network.required(),
  memoryMb: Joi.number().required(),
  classMb: Joi.number().required(),
  tmpMb,
  assignment: containerAssignmentSchema,
  socketDirectory: Joi.string().max(LIMITS.unixSocketPathBytes).required(),
  token: Joi.string().max(128).required(),
  dockerId: Joi.string().max(64),
  createdAtMs: Joi.number().required(),
  stateSinceMs: Joi.number().required(),
  exit,
  history: Joi.array().items(transition).max(64).required(),
});

const listMembers = {
  revision: Joi.number().required(),
  containers: Joi.array().items(containerViewSchema).max(10_000).required(),
};

export const containerListSchema = Joi.object<ContainerList, true>(listMembers);

/** One schema per `type`. */
const watchEventSchemas: Record<WatchEvent['type'], Joi.ObjectSchema<WatchEvent>> = {
  snapshot: Joi.object({ type: Joi.string().required(), ...listMembers }),
  change: Joi.object({ type: Joi.string().required(), revision: Joi.number().required(), container: containerViewSchema.required() }),
  heartbeat: Joi.object({ type: Joi.string().required(), revision: Joi.number().required() }),
};

const typed = Joi.object<{ type: WatchEvent['type'] }>({ type: Joi.string().valid('snapshot', 'change', 'heartbeat').required() })
  .unknown()
  .required();

/** The schema that an event has to meet. @throws SchemaError when it is of no known type */
export function watchEventSchema(value: unknown): Joi.ObjectSchema<WatchEvent> {
  return watchEventSchemas[parse(typed, value).type];
}

export const warmUpResponseSchema = Joi.object<WarmUpResponse, true>({
  container: containerViewSchema.required(),
  timings: Joi.object({
    reserveMs: Joi.number().required(),
    memoryMs: Joi.number().required(),
    codeMs: Joi.number().required(),
    mountMs: Joi.number().required(),
  }).required(),
});

export const nodeViewSchema = Joi.object<NodeView, true>({
  instanceId: Joi.string().max(64).required(),
  version: Joi.string().max(64).required(),
  cgroupVersion: Joi.number().valid(1, 2).required(),
  cgroupDriver: Joi.string().max(64).required(),
  mountMode: Joi.string().valid('bind', 'hardlink').required(),
  memoryMode: Joi.string().valid('cgroup', 'docker').required(),
  budget: Joi.object({ memoryMb: Joi.number().required(), cpus: Joi.number().required(), overheadMb: Joi.number() }).required(),
  reserved: Joi.object({ memoryMb: Joi.number().required(), cpus: Joi.number() }).required(),
  engine: Joi.object({
    version: Joi.string().required(),
    apiVersion: Joi.string().required(),
    runcVersion: Joi.string().allow('').required(),
  }).required(),
  runtimes: Joi.array()
    .items(Joi.object({ name: runtime.required(), image: Joi.string().required(), present: Joi.boolean().required() }))
    .max(100)
    .required(),
  egress: Joi.object({ state: Joi.string().valid('off', 'unused', 'guarded', 'failed').required(), problem: Joi.string().max(4096) }),
  warnings: Joi.array().items(Joi.string().max(2048)).max(100).required(),
});
