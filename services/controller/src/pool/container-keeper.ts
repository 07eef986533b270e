import { type Clock, type Logger, ServiceError } from '@easyfaas/service-kit';
import { FUNCTION_ERRORS, type HelloHeader } from '@easyfaas/contracts/wire';
import type { FuncletClient } from '../clients/funclet-client';
import type { FunctionDirectory } from '../functions/function-directory';
import type { Call } from '../invoke/call';
import type { Dispatcher } from '../invoke/dispatcher';
import type { InvokeMetrics } from '../invoke/invoke-metrics';
import { type FunctionErrorOutcome, type Outcome, type RuntimeEnd, functionError, initTimedOut, runtimeExited } from '../invoke/outcome';
import type { ContainerOwner, PoolContainer } from './container';
import type { ContainerResets } from './container-resets';
import type { FunctionPools } from './function-pools';
import type { MemoryChanges } from './memory-changes';
import { INIT_LIMIT_MS, type WarmUps } from './warm-ups';

export interface ContainerKeeperDeps {
  clock: Clock;
  logger: Logger;
  funclet: Pick<FuncletClient, 'attached'>;
  directory: Pick<FunctionDirectory, 'find'>;
  pools: FunctionPools;
  dispatcher: Dispatcher;
  /** Looked up when needed: warm-ups and this class need each other. */
  warmUps: () => WarmUps;
  /** Looked up when needed, too. */
  memoryChanges: () => MemoryChanges;
  resets: ContainerResets;
  metrics: InvokeMetrics;
  /** A container has become cold. */
  onCold: (container: PoolContainer) => void;
  /** A container ended before it was ever used. */
  onEarlyEnd: (container: PoolContainer, reason: string) => void;
}

/** Acts on what containers do: attach, load, answer, break the protocol, end. */
export class ContainerKeeper implements ContainerOwner {
  readonly #deps: ContainerKeeperDeps;

  constructor(deps: ContainerKeeperDeps) {
    this.#deps = deps;
  }

  onAttached(container: PoolContainer, runtime: HelloHeader): void {
    const { resets } = this.#deps;
    const { state } = container.view;
    if (container.phase !== 'attaching') return resets.reset(container, `attached in phase ${container.phase}`);
    if (state === 'creating') return void this.#reportAttached(container);
    if (state === 'cold') return this.#becomeCold(container, runtime);
    // Frozen when it was found, thawed for its processes to dial in: the news of that may come later than they do.
    if (state === 'warm' || state === 'paused') return void this.#adopt(container, runtime);
    resets.reset(container, `found in state ${state} after a restart of the controller`);
  }

  onInitDone(container: PoolContainer, initMs: number): void {
    this.#deps.warmUps().onInitDone(container, initMs);
  }

  onInitError(container: PoolContainer, outcome: FunctionErrorOutcome): void {
    if (container.phase !== 'loading') return this.onViolation(container, 'INIT_ERROR without INIT');
    container.connection.runner?.kill('init failed');
    this.#deps.warmUps().onInitFailed(container, `init failed: ${outcome.errorType}`, () => outcome);
  }

  onInitTimedOut(container: PoolContainer): void {
    container.connection.runner?.kill('init timed out');
    this.#deps.warmUps().onInitFailed(container, 'init timed out', (call) => initTimedOut(call.requestId, INIT_LIMIT_MS));
  }

  onCallEnded(container: PoolContainer, call: Call, outcome: Outcome): void {
    this.#deps.dispatcher.onCallEnded(container, call, outcome);
  }

  /** It is chosen for nothing any more; what runs in it waits for the news of how it ended. */
  onEnding(container: PoolContainer): void {
    if (container.phase === 'cold') this.#deps.onEarlyEnd(container, 'it ended before it was used');
    if (container.phase !== 'cold' && !container.isIdle && container.phase !== 'warm') return;
    container.moveTo('draining');
    container.functionPool?.noteSlots(container);
  }

  /** Given to another container, once: a function that ends its process whenever it is idle must not have calls go round. */
  onUndelivered(container: PoolContainer, call: Call): void {
    const { dispatcher, logger } = this.#deps;
    logger.info('call was not delivered', { containerId: container.containerId, requestId: call.requestId });
    if (call.hasBeenRedispatched) dispatcher.settle(call, lost());
    else dispatcher.redispatch(call);
  }

  onEnded(container: PoolContainer, end: RuntimeEnd | undefined): void {
    const { dispatcher, resets, warmUps, logger, onEarlyEnd } = this.#deps;
    if (container.phase === 'resetting') return;
    const reason = end === undefined ? 'connection lost' : `runtime ended: ${endText(end)}`;
    const { memoryMb, assignment } = container.view;
    logger.info('runtime ended', { containerId: container.containerId, reason, functionName: assignment?.functionName });
    const limitMb = container.functionPool?.stored.configuration.MemorySize ?? memoryMb;
    if (container.phase === 'loading' && end !== undefined) {
      return warmUps().onInitFailed(container, reason, (call) => runtimeExited(call.requestId, end, limitMb));
    }
    if (container.phase === 'attaching') onEarlyEnd(container, reason);
    const calls = takeCalls(container);
    resets.reset(container, reason);
    for (const call of calls) dispatcher.settle(call, end === undefined ? lost() : runtimeExited(call.requestId, end, limitMb));
  }

  /** Nothing that a container says after this can be believed: it is destroyed. */
  onViolation(container: PoolContainer, reason: string): void {
    const { metrics, logger, resets, dispatcher } = this.#deps;
    metrics.noteViolation();
    logger.warn('protocol violation', { containerId: container.containerId, reason });
    container.connection.runner?.kill('protocol violation');
    const calls = takeCalls(container);
    resets.reset(container, `protocol violation: ${reason}`);
    const outcome = functionError(FUNCTION_ERRORS.protocol, `The process in the container broke the protocol: ${reason}.`);
    for (const call of calls) dispatcher.settle(call, outcome);
  }

  onListenError(container: PoolContainer, error: Error): void {
    this.#deps.logger.error('container socket failed', { containerId: container.containerId, error });
    if (container.phase === 'attaching') this.#deps.resets.reset(container, `its socket cannot be listened on: ${error.message}`);
  }

  /** The funclet destroys it, or it is gone: if we did not ask for that, its calls have to be told. */
  onLost(container: PoolContainer): void {
    if (container.phase === 'resetting') return;
    const { exit } = container.view;
    if (exit !== undefined) container.connection.noteEnd({ code: exit.exitCode, signal: null, oom: exit.oomKilled });
    else if (container.view.state === 'gone') this.onEnded(container, undefined);
    else container.connection.noteEndComing();
  }

  /** Calls that were left in a container when it was reset for another reason than their own. */
  onLeftOver(container: PoolContainer): void {
    for (const call of takeCalls(container)) this.#deps.dispatcher.settle(call, lost());
  }

  async #reportAttached(container: PoolContainer): Promise<void> {
    const { funclet, resets, logger } = this.#deps;
    try {
      await funclet.attached(container.containerId, 'runner and runtime attached');
    } catch (error) {
      logger.warn('attached was not taken', { containerId: container.containerId, error });
      resets.reset(container, 'the funclet did not take the attachment');
      return;
    }
    if (container.phase !== 'attaching') return;
    container.moveTo('cold');
    this.#deps.onCold(container);
  }

  #becomeCold(container: PoolContainer, runtime: HelloHeader): void {
    if (runtime.initialized === true) return this.#deps.resets.reset(container, 'cold, but its runtime has loaded code');
    container.moveTo('cold');
    this.#deps.onCold(container);
  }

  /** After a restart of the controller: a warm container goes on serving, unless calls of the earlier life are still in it. */
  async #adopt(container: PoolContainer, runtime: HelloHeader): Promise<void> {
    const { directory, pools, resets, dispatcher, logger } = this.#deps;
    const { assignment } = container.view;
    if (assignment === undefined || runtime.initialized !== true)
      return resets.reset(container, 'warm, but its runtime has loaded no code');
    if ((runtime.inFlight ?? 0) > 0) return resets.reset(container, 'calls of an earlier controller are still running in it');
    try {
      const stored = await directory.find(assignment.accountId, assignment.functionName, assignment.version);
      if (container.phase !== 'attaching') return;
      const isCurrent = stored.configuration.CommitId === assignment.commitId;
      if (!isCurrent && !this.#deps.memoryChanges().canServe(container.view, stored))
        return resets.reset(container, 'version changed', 'version changed');
      const pool = pools.of(stored);
      container.functionPool = pool;
      container.concurrency = pool.concurrency;
      container.moveTo('warm');
      pool.containers.add(container);
      logger.info('container adopted', { containerId: container.containerId, functionName: assignment.functionName });
      if (isCurrent) this.#deps.memoryChanges().onAdopted(container);
      else this.#deps.memoryChanges().bring(container, pool);
      dispatcher.feed(container);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      resets.reset(container, `not adopted: ${error.code}`);
    }
  }
}

function takeCalls(container: PoolContainer): Call[] {
  return container.connection.runtime?.calls.takeAll() ?? [];
}

function lost(): Outcome {
  const text = 'The container was lost during the call; the function may have run. Repeat it if that is safe.';
  return { kind: 'platform-error', error: new ServiceError('RUNTIME_LOST', text, { headers: { 'Retry-After': '1' } }) };
}

function endText({ code, signal, oom }: RuntimeEnd): string {
  return `${signal ?? `exit status ${code ?? 'unknown'}`}${oom ? ', out of memory' : ''}`;
}
