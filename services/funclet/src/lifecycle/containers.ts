import type {
  ContainerExit,
  ContainerState,
  ContainerView,
  InitRequest,
  ResetRequest,
  ResizeRequest,
  TransitionRequest,
  WarmUpRequest,
  WarmUpResponse,
} from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import { EngineError } from '../engine/engine-error';
import { assertTransition } from './container-machine';
import type { Verb } from './container-record';
import { init } from './init';
import { KeyedQueue } from './keyed-queue';
import type { LifecycleContext } from './lifecycle-context';
import { pause, resume } from './pause';
import { reset } from './reset';
import { resize } from './resize';
import { Semaphore } from './semaphore';
import { warmUp } from './warm-up';

const RESET_TIMEOUT_MS = 30_000;

/**
 * The verbs on containers. Verbs on one container run one after another; a verb repeated with the same operation id has no
 * second effect and gets the answer again. A container that a verb left half done is reset.
 */
export class Containers {
  readonly #context: LifecycleContext;
  readonly #queue = new KeyedQueue();
  readonly #creations: Semaphore;
  /** Answers to warm-ups, for repetitions; dropped when the container goes. */
  readonly #warmUps = new Map<string, WarmUpResponse>();

  /** @param creationsMax containers that Docker makes at the same time */
  constructor(context: LifecycleContext, creationsMax: number) {
    this.#context = context;
    this.#creations = new Semaphore(creationsMax);
  }

  async init(request: InitRequest, signal: AbortSignal): Promise<ContainerView> {
    const { containerId } = request;
    const view = await this.#run(containerId, 'init', request, () => {
      this.#context.registry.assertUnused(containerId);
      return this.#creations.run(signal, () => this.#orReset(containerId, 'creating', () => init(this.#context, request, signal)));
    });
    this.#expire(containerId, 'creating', this.#context.creatingDeadlineMs);
    return view;
  }

  attached(containerId: string, request: TransitionRequest): Promise<ContainerView> {
    return this.#run(containerId, 'attached', request, async () => {
      const done = { verb: 'attached', operationId: request.operationId } as const;
      return this.#context.registry.move(containerId, 'cold', request.reason, { done }).view;
    });
  }

  async warmUp(containerId: string, request: WarmUpRequest, signal: AbortSignal): Promise<WarmUpResponse> {
    const container = await this.#run(containerId, 'warm-up', request, async () => {
      assertTransition(containerId, this.#context.registry.get(containerId).view.state, 'warming');
      const response = await this.#orReset(containerId, 'warming', () => warmUp(this.#context, containerId, request, signal));
      this.#warmUps.set(containerId, response);
      this.#expire(containerId, 'warming', this.#context.warmingDeadlineMs);
      return response.container;
    });
    const timings = this.#warmUps.get(containerId)?.timings ?? { reserveMs: 0, memoryMs: 0, codeMs: 0, mountMs: 0 };
    return { container, timings };
  }

  loaded(containerId: string, request: TransitionRequest): Promise<ContainerView> {
    return this.#run(containerId, 'loaded', request, async () => {
      const { state } = this.#context.registry.get(containerId).view;
      if (state === 'paused')
        throw new ServiceError('ILLEGAL_TRANSITION', `Container ${containerId} is paused; only a warming one becomes loaded.`);
      const done = { verb: 'loaded', operationId: request.operationId } as const;
      return this.#context.registry.move(containerId, 'warm', request.reason, { done }).view;
    });
  }

  resize(containerId: string, request: ResizeRequest, signal: AbortSignal): Promise<ContainerView> {
    return this.#run(containerId, 'resize', request, () => resize(this.#context, containerId, request, signal));
  }

  pause(containerId: string, request: TransitionRequest, signal: AbortSignal): Promise<ContainerView> {
    return this.#run(containerId, 'pause', request, () => pause(this.#context, containerId, request, signal));
  }

  resume(containerId: string, request: TransitionRequest, signal: AbortSignal): Promise<ContainerView> {
    return this.#run(containerId, 'resume', request, async () => {
      const { state } = this.#context.registry.get(containerId).view;
      if (state === 'warming') throw new ServiceError('ILLEGAL_TRANSITION', `Container ${containerId} is warming, not paused.`);
      return resume(this.#context, containerId, request, signal);
    });
  }

  /** Also a repetition with another operation id is a success: gone is gone. */
  reset(containerId: string, { reason, operationId }: ResetRequest, signal: AbortSignal): Promise<ContainerView> {
    this.#context.registry.get(containerId);
    return this.#queue.run(containerId, () => this.#translating(() => this.#reset(containerId, { reason, operationId }, signal)));
  }

  /** Resets on our own account, if the container is still in that state; failures are logged and the reaper goes on. */
  async discard(containerId: string, reason: string, options: { exit?: ContainerExit; onlyIn?: ContainerState } = {}): Promise<void> {
    const { exit, onlyIn } = options;
    await this.#queue.run(containerId, async () => {
      const state = this.#context.registry.find(containerId)?.view.state;
      if (state === undefined || state === 'gone' || (onlyIn !== undefined && state !== onlyIn)) return;
      try {
        await this.#reset(containerId, { reason, ...(exit === undefined ? {} : { exit }) }, AbortSignal.timeout(RESET_TIMEOUT_MS));
      } catch (error) {
        this.#context.logger.error('reset failed, will be tried again', { containerId, reason, error });
      }
    });
  }

  /** Resets every container that has this package: its code on disk was altered. */
  discardUsersOf(name: string): void {
    for (const { view, codeName, layersName } of this.#context.registry.records()) {
      if (codeName === name || layersName === name) void this.discard(view.containerId, 'its unpacked code was altered on disk');
    }
  }

  /** Starts the deadlines of containers that an earlier process made. */
  resumeDeadlines(): void {
    for (const { containerId, state } of this.#context.registry.views()) {
      if (state === 'creating') this.#expire(containerId, 'creating', this.#context.creatingDeadlineMs);
      if (state === 'warming') this.#expire(containerId, 'warming', this.#context.warmingDeadlineMs);
    }
  }

  async #reset(
    containerId: string,
    how: { reason: string; operationId?: string; exit?: ContainerExit },
    signal: AbortSignal,
  ): Promise<ContainerView> {
    const view = await reset(this.#context, containerId, how, signal);
    this.#warmUps.delete(containerId);
    this.#context.logger.info('container reset', { containerId, reason: view.reason, exit: view.exit });
    return view;
  }

  /** In the container's queue, once per operation id. */
  #run(
    containerId: string,
    verb: Verb,
    { operationId }: { operationId: string },
    work: () => Promise<ContainerView>,
  ): Promise<ContainerView> {
    return this.#queue.run(containerId, () => {
      const record = this.#context.registry.find(containerId);
      if (record?.operations[verb] === operationId) return Promise.resolve(record.view);
      return this.#translating(work);
    });
  }

  /** When work that brings a container into a state fails in that state, nobody can use the container any more. */
  async #orReset<T>(containerId: string, halfDone: ContainerState, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const state = this.#context.registry.find(containerId)?.view.state;
      // Behind this verb in the queue, so that the caller gets the error without waiting for Docker.
      if (state === halfDone) void this.discard(containerId, `${state} failed: ${(error as Error).message}`.slice(0, 500));
      throw error;
    }
  }

  #expire(containerId: string, state: ContainerState, deadlineMs: number): void {
    const { view } = this.#context.registry.get(containerId);
    if (view.state !== state) return;
    const cancel = this.#context.clock.after(deadlineMs, () => {
      stop();
      void this.discard(containerId, `still ${state} after ${deadlineMs} ms`, { onlyIn: state });
    });
    const stop = this.#context.registry.listen({
      onChange(changed) {
        if (changed.containerId !== containerId || changed.state === state) return;
        cancel();
        stop();
      },
    });
  }

  async #translating<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof EngineError) throw new ServiceError('ENGINE_UNAVAILABLE', error.message, { cause: error });
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      throw new ServiceError('DISK_FULL', 'The disk of the data directory is full. Free some space.', { cause: error });
    }
  }
}
