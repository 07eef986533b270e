import type { IncomingMessage } from 'node:http';
import { ServiceError, type Ids } from '@easyfaas/service-kit';
import { SchemaError, nodeViewSchema, parse, parseContainerView } from '@easyfaas/contracts/schemas';
import {
  type ContainerView,
  FUNCLET_API_BASE,
  type InitRequest,
  type NodeView,
  type PrepareCodeRequest,
  type ResizeRequest,
  type TransitionRequest,
  type WarmUpRequest,
  type WarmUpResponse,
} from '@easyfaas/contracts/wire';
import { UnixHttp } from './unix-http';

/** Deadlines per verb, ms. The funclet gets the same as `?timeout=` and answers by then. */
const DEADLINES = {
  /** Docker create and start with a network name space: 0.4 s alone, several seconds on a busy machine. */
  create: 20_000,
  /** Unpacking a large package is the slow part; it goes on in the background if this ends first. */
  warmUp: 9000,
  prepare: 30_000,
  transition: 5000,
  reset: 20_000,
  read: 5000,
} as const;
/** The answer may be on its way when the funclet's own deadline ends. */
const GRACE_MS = 500;
/** The funclet sends a heartbeat every 5 s. */
const WATCH_SILENCE_MS = 15_000;

/** The funclet's API, typed. Every method throws ServiceError: the funclet's own, FUNCLET_UNAVAILABLE or DEADLINE_EXCEEDED. */
export class FuncletClient {
  readonly #http: UnixHttp;
  readonly #ids: Ids;

  constructor(socketPath: string, ids: Ids) {
    this.#http = new UnixHttp(socketPath);
    this.#ids = ids;
  }

  async create(wish: Omit<InitRequest, 'operationId'>): Promise<ContainerView> {
    const body: InitRequest = { operationId: this.#ids.operationId(), ...wish };
    return this.#view(await this.#post('/containers', body, DEADLINES.create));
  }

  /** Both processes of the container have dialled in. */
  async attached(containerId: string, reason: string): Promise<void> {
    await this.#transition(containerId, 'attached', reason);
  }

  /**
   * Prepares memory and code. Stands on the path of a cold call: of the answer only the part that is used is checked (the
   * whole view would cost 0.2 ms, and comes through the watch anyway).
   */
  async warmUp(containerId: string, wish: Omit<WarmUpRequest, 'operationId'>): Promise<WarmUpResponse['timings']> {
    const body: WarmUpRequest = { operationId: this.#ids.operationId(), ...wish };
    const answer = await this.#post(`/containers/${containerId}/warm-up`, body, DEADLINES.warmUp);
    return warmUpTimings(answer, containerId);
  }

  async loaded(containerId: string, reason: string): Promise<void> {
    await this.#transition(containerId, 'loaded', reason);
  }

  /** Freezes a warm container. */
  async pause(containerId: string, reason: string): Promise<void> {
    await this.#transition(containerId, 'pause', reason);
  }

  /** Thaws a paused container. On the path of a call: what the answer says beyond its status comes through the watch. */
  async resume(containerId: string, reason: string): Promise<void> {
    await this.#transition(containerId, 'resume', reason);
  }

  /** Changes the memory limit of a live container; with a commit id, it serves that commit from then on. */
  async resize(containerId: string, wish: Omit<ResizeRequest, 'operationId'>): Promise<ContainerView> {
    const body: ResizeRequest = { operationId: this.#ids.operationId(), ...wish };
    const path = `${FUNCLET_API_BASE}/containers/${containerId}?timeout=${DEADLINES.transition}`;
    return this.#view(await this.#http.send({ method: 'PATCH', path, body, deadlineMs: DEADLINES.transition + GRACE_MS }));
  }

  /** Also one that is gone, for some time. @throws ServiceError CONTAINER_NOT_FOUND */
  async find(containerId: string): Promise<ContainerView> {
    const path = `${FUNCLET_API_BASE}/containers/${containerId}`;
    return this.#view(await this.#http.send({ method: 'GET', path, deadlineMs: DEADLINES.read }));
  }

  async reset(containerId: string, reason: string): Promise<ContainerView> {
    const body: TransitionRequest = { operationId: this.#ids.operationId(), reason: reason.slice(0, 512) };
    return this.#view(await this.#post(`/containers/${containerId}/reset`, body, DEADLINES.reset));
  }

  /** Unpacks and verifies code and layers before they are called for. */
  async prepareCode(codeSha256: string, wish: PrepareCodeRequest): Promise<void> {
    await this.#post(`/code/${codeSha256}/prepare`, wish, DEADLINES.prepare);
  }

  async node(): Promise<NodeView> {
    const answer = await this.#http.send({ method: 'GET', path: `${FUNCLET_API_BASE}/node`, deadlineMs: DEADLINES.read });
    return checked(() => parse(nodeViewSchema, answer));
  }

  /** NDJSON of WatchEvent. The connection breaks when nothing comes for 15 s. */
  watch(): Promise<IncomingMessage> {
    return this.#http.open(`${FUNCLET_API_BASE}/containers?watch`, WATCH_SILENCE_MS);
  }

  close(): void {
    this.#http.close();
  }

  async #transition(containerId: string, verb: 'attached' | 'loaded' | 'pause' | 'resume', reason: string): Promise<void> {
    const body: TransitionRequest = { operationId: this.#ids.operationId(), reason };
    await this.#post(`/containers/${containerId}/${verb}`, body, DEADLINES.transition);
  }

  #post(path: string, body: object, deadlineMs: number): Promise<unknown> {
    const full = `${FUNCLET_API_BASE}${path}?timeout=${deadlineMs}`;
    return this.#http.send({ method: 'POST', path: full, body, deadlineMs: deadlineMs + GRACE_MS });
  }

  #view(answer: unknown): ContainerView {
    return checked(() => parseContainerView(answer));
  }
}

function checked<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof SchemaError)) throw cause;
    throw new ServiceError('FUNCLET_UNAVAILABLE', `The funclet answered something unexpected at "${cause.path}".`, { cause });
  }
}

const TIMINGS = ['reserveMs', 'memoryMs', 'codeMs', 'mountMs'] as const;

function warmUpTimings(answer: unknown, containerId: string): WarmUpResponse['timings'] {
  const { container, timings } = (answer ?? {}) as { container?: { containerId?: unknown }; timings?: Record<string, unknown> };
  const isRight = container?.containerId === containerId && TIMINGS.every((name) => typeof timings?.[name] === 'number');
  if (!isRight) throw new ServiceError('FUNCLET_UNAVAILABLE', 'The funclet answered a warm-up with something unexpected.');
  return timings as unknown as WarmUpResponse['timings'];
}
