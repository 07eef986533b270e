import type { ContainerState } from '@easyfaas/contracts/wire';
import type { ContainerPhase } from './container';

/** What is known of a container's processes. */
export interface SignsOfLife {
  phase: ContainerPhase;
  state: ContainerState;
  /** Calls in it. */
  inFlight: number;
  /** The oldest question to the supervisor inside without any answer, ms; 0 when there is none. */
  runnerSilentMs: number;
  /** The same of the runtime process. */
  runtimeSilentMs: number;
  /** The processor time that the runtime process has had meanwhile, ms. */
  runtimeRanMs: number;
  /** By the runner's last answers it sleeps, and neither runs nor waits for a processor or the disk. */
  isRuntimeStill: boolean;
  /** The runner's last answers in a row that say that a signal has stopped the runtime process (SIGSTOP). */
  stoppedAnswers: number;
}

/** On a machine that has time for everybody, ms. With a look every 0.6 s a silent supervisor is noticed within 2.4 s. */
const LIMIT_MS = 1400;
const LIMIT_MAX_MS = 10_000;
/** A machine on which answers take long gets that many times the slowest of them. */
const SLOWNESS_FACTOR = 8;
/** A runtime process may have something of its own to do between two calls. */
const RUNTIME_FACTOR = 2;
/** Or as long as this, when it had the processor for so long: whoever is starved has not. */
const SPINNING_FACTOR = 0.7;
const SPINNING_MS = 250;
/** Or as long as this, when it waits for something else than processor and disk: our question would have woken it. */
const STILL_FACTOR = 0.8;
/** Processor time between two answers of the runner, ms, with which an idle process is no longer taken for idle. */
const CONSPICUOUS_MS = 50;
/** A stopped process is none that is slow: three looks are for one that is going on again. */
const STOPPED_ANSWERS = 3;

/** How long a supervisor may be silent, ms. @param slowestAnswerMs of the last answer of each container */
export function silenceLimitMs(slowestAnswerMs: number): number {
  return Math.min(LIMIT_MAX_MS, Math.max(LIMIT_MS, SLOWNESS_FACTOR * slowestAnswerMs));
}

/** A frozen container answers nobody, and that is right. */
export function isAsked({ phase, state }: Pick<SignsOfLife, 'phase' | 'state'>): boolean {
  return phase !== 'attaching' && phase !== 'resetting' && phase !== 'paused' && state !== 'paused';
}

/** Only between calls: a handler may block its process for as long as its time-out lets it. */
export function isRuntimeAsked({ phase, inFlight }: Pick<SignsOfLife, 'phase' | 'inFlight'>): boolean {
  return inFlight === 0 && (phase === 'cold' || phase === 'warm');
}

/** @param ranMs processor time of the runtime process between the runner's last two answers */
export function isConspicuous(ranMs: number): boolean {
  return ranMs >= CONSPICUOUS_MS;
}

/** @returns why the container has to go; undefined while it is well */
export function judgeSilence(signs: SignsOfLife, limitMs: number): string | undefined {
  if (!isAsked(signs)) return undefined;
  const { runnerSilentMs, runtimeSilentMs, runtimeRanMs, isRuntimeStill, stoppedAnswers } = signs;
  if (runnerSilentMs > limitMs) return `unhealthy: the runner was silent for ${seconds(runnerSilentMs)} s`;
  if (isRuntimeAsked(signs) && stoppedAnswers >= STOPPED_ANSWERS)
    return 'unhealthy: the runtime process was stopped by a signal, without a call in it';
  if (isRuntimeAsked(signs) && runtimeSilentMs > SPINNING_FACTOR * limitMs && runtimeRanMs >= SPINNING_MS)
    return `unhealthy: the runtime process did nothing but run for ${seconds(runtimeSilentMs)} s, without a call in it`;
  if (isRuntimeAsked(signs) && runtimeSilentMs > STILL_FACTOR * limitMs && isRuntimeStill)
    return `unhealthy: the runtime process stood still for ${seconds(runtimeSilentMs)} s, without a call in it`;
  if (isRuntimeAsked(signs) && runtimeSilentMs > RUNTIME_FACTOR * limitMs)
    return `unhealthy: the runtime process did not answer for ${seconds(runtimeSilentMs)} s, without a call in it`;
  return undefined;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
