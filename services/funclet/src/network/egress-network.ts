import { createHash } from 'node:crypto';
import { ServiceError, type Clock, type Logger } from '@easyfaas/service-kit';
import type { ContainerEngine, EgressAttachment } from '../engine/container-engine';
import { EngineError } from '../engine/engine-error';
import type { EgressBridge, Guard, NetworkEngine } from '../engine/network-engine';
import { KeyedQueue } from '../lifecycle/keyed-queue';
import { egressRules } from './egress-rules';
import type { EgressSettings } from './egress-settings';

export interface EgressNetworkOptions {
  instanceId: string;
  labels: Readonly<Record<string, string>>;
  settings: EgressSettings;
  /** Name and tag of the image that has the guard. */
  image: string;
  engine: NetworkEngine;
  images: Pick<ContainerEngine, 'imageId'>;
  clock: Clock;
  logger: Logger;
}

/** Longest wait for the guard's word. */
const GUARD_TIMEOUT_MS = 10_000;
const POLL_MS = 50;
/** Looks at the pool in a row without a container that has egress, until network and rules are given back. */
const UNUSED_ROUNDS = 6;
/** Looks in a row at which Docker refused, until containers with egress have to go. */
const FAILED_ROUNDS = 3;
const IN_FORCE = 'rules in force';
const REMOVED = 'rules removed';

/**
 * The bridge of functions with egress and the rules that close private networks and the host to it. Both are made when the
 * first container wants them and given back when none does any more. Fails closed: `ensure` is called before each container
 * is made, and answers only when a guard runs that has said that the rules are in force.
 */
export class EgressNetwork {
  readonly #options: EgressNetworkOptions;
  readonly #queue = new KeyedQueue();
  readonly #table: string;
  /** The guard that has said so. */
  #readyGuardId: string | undefined;
  /** Of an earlier process, perhaps. */
  #mayExist = true;
  #unusedRounds = 0;
  /** In a row, while containers with egress exist. */
  #failedRounds = 0;
  #problem: string | undefined;

  constructor(options: EgressNetworkOptions) {
    this.#options = options;
    this.#table = `easyfaas_${options.instanceId.slice(0, 8)}`;
  }

  /** For GET /v1/node. */
  get view(): { state: 'off' | 'unused' | 'guarded' | 'failed'; problem?: string } {
    if (!this.#options.settings.isOn) return { state: 'off' };
    if (this.#problem !== undefined) return { state: 'failed', problem: this.#problem };
    return { state: this.#readyGuardId === undefined ? 'unused' : 'guarded' };
  }

  /**
   * Makes sure of network, rules and guard.
   * @returns what a container is attached to
   * @throws ServiceError EGRESS_FORBIDDEN, EGRESS_UNAVAILABLE
   */
  ensure(signal: AbortSignal): Promise<EgressAttachment> {
    const { settings } = this.#options;
    if (!settings.isOn) {
      throw new ServiceError('EGRESS_FORBIDDEN', 'Network "egress" is switched off here (EASYFAAS_EGRESS=off).');
    }
    return this.#queue.run('egress', async () => {
      this.#mayExist = true;
      this.#unusedRounds = 0;
      try {
        const { name } = await this.#guardedBridge(signal);
        this.#problem = undefined;
        return { network: name, resolvers: settings.resolvers };
      } catch (error) {
        this.#problem = (error as Error).message;
        throw new ServiceError('EGRESS_UNAVAILABLE', `Functions with egress cannot run on this host: ${this.#problem}`, { cause: error });
      }
    });
  }

  /**
   * Part of each look at the pool. @param isInUse a container with egress exists
   * @returns why such containers must not go on; undefined when they may
   */
  async reconcile(isInUse: boolean, signal: AbortSignal): Promise<string | undefined> {
    const { settings, logger } = this.#options;
    if (isInUse && settings.isOn) {
      try {
        await this.ensure(signal);
        this.#failedRounds = 0;
        return undefined;
      } catch (error) {
        logger.error('egress is not guarded', { error });
        this.#failedRounds += 1;
        return this.#mayWait((error as Error).cause) ? undefined : (error as Error).message;
      }
    }
    if (isInUse) return 'egress is switched off';
    this.#unusedRounds += 1;
    if (this.#mayExist && (this.#unusedRounds >= UNUSED_ROUNDS || !settings.isOn)) {
      await this.giveBack(signal);
    }
    return undefined;
  }

  /**
   * The rules are the kernel's and outlive guard and Docker. While Docker does not answer, nothing says that they are gone, and
   * containers could not be removed either; a refusal of Docker's gets some more rounds.
   */
  #mayWait(cause: unknown): boolean {
    if (!(cause instanceof EngineError)) return false;
    return cause.kind === 'unavailable' || this.#failedRounds < FAILED_ROUNDS;
  }

  /** Calls back when a guard has ended, until the signal aborts. */
  watch(onEnd: () => void, signal: AbortSignal): void {
    const { engine, instanceId, settings } = this.#options;
    if (settings.isOn) engine.watchGuards(instanceId, onEnd, signal);
  }

  async #guardedBridge(signal: AbortSignal): Promise<EgressBridge> {
    const { engine, images, instanceId, image, labels, settings, logger } = this.#options;
    const imageId = await images.imageId(image, signal);
    if (imageId === undefined) throw new Error(`image ${image}, which has the guard, is not on this host; build it or pull it`);
    const bridge = (await engine.findBridge(instanceId, signal)) ?? (await engine.createBridge(instanceId, labels, signal));
    const rules = egressRules({ table: this.#table, bridge: bridge.bridge, subnet: bridge.subnet, settings });
    const fingerprint = createHash('sha256').update(`${imageId}\n${rules}`).digest('hex');
    const guards = await engine.guards(instanceId, signal);
    const current = guards.find((guard) => guard.isRunning && guard.fingerprint === fingerprint);
    if (current !== undefined && current.dockerId === this.#readyGuardId && guards.length === 1) return bridge;

    this.#readyGuardId = undefined;
    // Before the next one comes: two with different rules would undo each other's for ever. The rules stay meanwhile.
    for (const guard of guards) if (guard !== current) await this.#removeEnded(guard, signal);
    const spec = { instanceId, imageId, command: ['hold', this.#table, rules], fingerprint, labels };
    const dockerId = current?.dockerId ?? (await engine.startGuard(spec, signal));
    await this.#awaitWord(dockerId, IN_FORCE, signal);
    this.#readyGuardId = dockerId;
    logger.info('egress is guarded', { network: bridge.name, subnet: bridge.subnet, guard: dockerId, isNew: current === undefined });
    return bridge;
  }

  async #removeEnded({ dockerId, isRunning }: Guard, signal: AbortSignal): Promise<void> {
    const { engine, logger } = this.#options;
    if (!isRunning) logger.warn('the guard of egress has ended', { dockerId, said: (await engine.guardOutput(dockerId, signal)).trim() });
    await engine.removeGuard(dockerId, signal);
  }

  /** Waits until the guard has said it. @throws Error with its own words when it ended, or was silent; it is removed then */
  async #awaitWord(dockerId: string, word: string, signal: AbortSignal): Promise<void> {
    const { engine, clock, instanceId } = this.#options;
    const untilMs = clock.monotonicMs() + GUARD_TIMEOUT_MS;
    for (;;) {
      const guard = (await engine.guards(instanceId, signal)).find((each) => each.dockerId === dockerId);
      // After the state: what it said last is complete then.
      const said = guard === undefined ? '' : await engine.guardOutput(dockerId, signal);
      const hasSaid = said.includes(word);
      if (hasSaid && (guard?.isRunning === true || word === REMOVED)) return;
      const isOver = guard?.isRunning !== true || clock.monotonicMs() >= untilMs;
      if (isOver) {
        await engine.removeGuard(dockerId, signal);
        const why = said.trim() === '' ? 'it said nothing' : said.trim();
        throw new Error(`the packet filter did not take the rules (${why}). The kernel needs nf_tables with its bridge family`);
      }
      await new Promise<void>((resolve) => void clock.after(POLL_MS, resolve));
    }
  }

  /** Takes away network, rules and guard. Never rejects. */
  giveBack(signal: AbortSignal): Promise<void> {
    return this.#queue.run('egress', () => this.#giveBack(signal));
  }

  /** Network first: while a container is attached Docker refuses, and the rules stay. Never rejects; the next round tries again. */
  async #giveBack(signal: AbortSignal): Promise<void> {
    const { engine, images, instanceId, image, labels, logger } = this.#options;
    try {
      const bridge = await engine.findBridge(instanceId, signal);
      const guards = await engine.guards(instanceId, signal);
      if (bridge !== undefined) await engine.removeBridge(bridge.networkId, signal);
      this.#readyGuardId = undefined;
      for (const { dockerId } of guards) await engine.removeGuard(dockerId, signal);
      if (bridge !== undefined || guards.length > 0) {
        const imageId = (await images.imageId(image, signal)) ?? '';
        const spec = { instanceId, imageId, command: ['remove', this.#table], fingerprint: 'remove', labels };
        const dockerId = await engine.startGuard(spec, signal);
        await this.#awaitWord(dockerId, REMOVED, signal);
        await engine.removeGuard(dockerId, signal);
        logger.info('egress is given back', { network: bridge?.name });
      }
      this.#mayExist = false;
      this.#problem = undefined;
    } catch (error) {
      logger.warn('egress could not be given back, will be tried again', { error });
    }
  }
}
