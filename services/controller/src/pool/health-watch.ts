import type { Clock, Logger } from '@easyfaas/service-kit';
import type { PoolContainer } from './container';
import type { ContainerResets } from './container-resets';
import { isAsked, isConspicuous, isRuntimeAsked, judgeSilence, silenceLimitMs } from './judge-silence';
import type { PoolView } from './pool-view';

export interface HealthWatchDeps {
  clock: Clock;
  logger: Logger;
  view: Pick<PoolView, 'values'>;
  resets: Pick<ContainerResets, 'reset'>;
}

/** How often the containers are looked at, ms; one timer for all of them. */
const LOOK_MS = 600;
/** Every so many looks the supervisor is asked for its figures instead of a mere PONG, and runtimes without code are asked, too. */
const FIGURES_EVERY = 4;
/** Runtimes with a function's code, which can do anything between two calls, are asked more often; those that use the processor at each look. */
const LOADED_EVERY = 2;
/** A turn of the event loop this late says that we were the ones who slept, not the containers. */
const LATE_MS = 700;

/**
 * Notices containers whose processes do not answer. Processes that end are noticed by their connections, at once; this is for
 * those that are there and deaf: frozen, stopped, starved, stuck.
 */
export class HealthWatch {
  readonly #deps: HealthWatchDeps;
  #cancel: (() => void) | undefined;
  #lastLookMs = 0;
  #looks = 0;

  constructor(deps: HealthWatchDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#lastLookMs = this.#deps.clock.monotonicMs();
    this.#plan();
  }

  stop(): void {
    this.#cancel?.();
  }

  #plan(): void {
    this.#cancel = this.#deps.clock.after(LOOK_MS, () => {
      this.#plan();
      this.#look();
    });
  }

  #look(): void {
    const { clock, view } = this.#deps;
    const nowMs = clock.monotonicMs();
    const lateMs = nowMs - this.#lastLookMs - LOOK_MS;
    this.#lastLookMs = nowMs;
    this.#looks++;
    const containers = [...view.values()];
    if (lateMs > LATE_MS) this.#forgive(containers, lateMs);
    const slowestMs = containers.reduce((slowest, { connection }) => Math.max(slowest, connection.runner?.answerMs ?? 0), 0);
    const limitMs = silenceLimitMs(slowestMs);
    for (const container of containers) {
      this.#judge(container, nowMs, limitMs);
      this.#ask(container, nowMs);
    }
  }

  #judge(container: PoolContainer, nowMs: number, limitMs: number): void {
    const { phase, inFlight, connection } = container;
    const runnerSilentMs = connection.runner?.silentMs(nowMs) ?? 0;
    const runtimeSilentMs = connection.runtime?.silentMs(nowMs) ?? 0;
    const stoppedAnswers = connection.runner?.stoppedAnswers ?? 0;
    // While the runner is silent its last figure may be older than the question.
    const processorMs = runnerSilentMs === 0 ? connection.runner?.processorMs : undefined;
    const runtimeRanMs = processorMs === undefined ? 0 : (connection.runtime?.ranSilentMs(processorMs) ?? 0);
    const { state } = container.view;
    const isRuntimeStill = runnerSilentMs === 0 && connection.runner?.isRuntimeStill === true;
    const signs = { phase, state, inFlight, runnerSilentMs, runtimeSilentMs, runtimeRanMs, isRuntimeStill, stoppedAnswers };
    const reason = judgeSilence(signs, limitMs);
    if (reason === undefined) return;
    this.#deps.logger.warn('container is deaf', { containerId: container.containerId, reason, limitMs: Math.round(limitMs) });
    this.#deps.resets.reset(container, reason);
  }

  #ask(container: PoolContainer, nowMs: number): void {
    const { phase, inFlight, connection } = container;
    if (!isAsked({ phase, state: container.view.state })) {
      connection.runner?.forgetSilence();
      connection.runtime?.forgetSilence();
      return;
    }
    const wantsFigures = this.#looks % FIGURES_EVERY === 0;
    connection.runner?.askForLife(nowMs, { wantsFigures });
    if (!isRuntimeAsked({ phase, inFlight })) connection.runtime?.forgetSilence();
    else if (this.#looks % (phase === 'warm' ? LOADED_EVERY : FIGURES_EVERY) === 0 || isConspicuous(connection.runner?.ranMs ?? 0))
      connection.runtime?.askForLife(nowMs);
  }

  #forgive(containers: readonly PoolContainer[], lateMs: number): void {
    this.#deps.logger.warn('event loop was held up', { lateMs: Math.round(lateMs) });
    for (const { connection } of containers) {
      connection.runner?.forgetSilence();
      connection.runtime?.forgetSilence();
    }
  }
}
