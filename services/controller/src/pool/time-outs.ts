import type { Clock } from '@easyfaas/service-kit';
import type { Call } from '../invoke/call';
import type { Dispatcher } from '../invoke/dispatcher';
import { runtimeExited } from '../invoke/outcome';
import type { PoolContainer } from './container';
import type { ContainerResets } from './container-resets';
import type { PoolView } from './pool-view';

export interface TimeOutsDeps {
  clock: Clock;
  view: Pick<PoolView, 'get'>;
  resets: ContainerResets;
  dispatcher: Pick<Dispatcher, 'settle'>;
}

/** A runtime process that does not answer a PING within this time has a stuck event loop, ms. */
const PING_MS = 500;

/**
 * What becomes of a container in which a call has run out of time. The caller has had its answer.
 *
 * Alone in its container, the call is ended by killing the process. Beside others it is cancelled, and the container takes
 * no new call and is reset when the others have ended, each within its own deadline: they are not at fault. If the process
 * does not even answer a PING, the others cannot make progress either, and it is killed at once.
 */
export class TimeOuts {
  readonly #deps: TimeOutsDeps;

  constructor(deps: TimeOutsDeps) {
    this.#deps = deps;
  }

  onTimedOut(call: Call): void {
    const container = call.containerId === undefined ? undefined : this.#deps.view.get(call.containerId);
    const runtime = container?.connection.runtime;
    if (container === undefined || runtime === undefined || container.phase === 'resetting') return;
    runtime.sendCancel(call);
    runtime.expire(call);
    if (container.inFlight === 0) return this.#kill(container);
    if (container.phase === 'warm') {
      container.moveTo('draining');
      container.functionPool?.noteSlots(container);
    }
    const framesBefore = runtime.framesReceived;
    runtime.sendPing();
    runtime.flush();
    this.#deps.clock.after(PING_MS, () => {
      if (container.phase === 'draining' && runtime.framesReceived === framesBefore) this.#kill(container);
    });
  }

  /** The client of a running call is gone: the handler may stop. Its slot is free when it answers, or at its deadline. */
  onAbandoned(call: Call): void {
    const container = call.containerId === undefined ? undefined : this.#deps.view.get(call.containerId);
    container?.connection.runtime?.sendCancel(call);
    container?.connection.runtime?.flush();
  }

  #kill(container: PoolContainer): void {
    const { dispatcher, resets } = this.#deps;
    container.connection.runner?.kill('a call timed out');
    const left = container.connection.runtime?.calls.takeAll() ?? [];
    resets.reset(container, 'a call timed out');
    const memoryMb = container.functionPool?.stored.configuration.MemorySize ?? container.view.memoryMb;
    const end = { code: null, signal: 'SIGKILL', oom: false };
    for (const call of left) dispatcher.settle(call, runtimeExited(call.requestId, end, memoryMb));
  }
}
