import { EngineError } from '../engine-error';
import { egressNetworkName } from '../docker-networks';
import type { EgressBridge, Guard, GuardSpec, NetworkEngine } from '../network-engine';

interface FakeGuard extends Guard {
  output: string;
}

/** Networks and guards in memory. A guard says at once that it did what its command asks, unless told otherwise. */
export class FakeNetworkEngine implements NetworkEngine {
  /** Calls that changed something, such as `startGuard hold`, in order. */
  readonly calls: string[] = [];
  bridge: EgressBridge | undefined;
  readonly running: FakeGuard[] = [];
  /** What the next guards print before they end with an error. */
  refusal: string | undefined;
  /** The engine starts no guard. */
  conflict: string | undefined;
  /** Every call fails. */
  isDown = false;
  /** A container is attached to the bridge. */
  isAttached = false;
  #made = 0;
  #onEnd: () => void = () => undefined;

  /** As if somebody had killed it. */
  endGuards(): void {
    for (const guard of this.running) guard.isRunning = false;
    this.#onEnd();
  }

  async findBridge(): Promise<EgressBridge | undefined> {
    this.#enter();
    return this.bridge;
  }

  async createBridge(instanceId: string): Promise<EgressBridge> {
    this.#enter('createBridge');
    const bridge = `ef${instanceId.slice(0, 8)}`;
    this.bridge = { networkId: 'n1', name: egressNetworkName(instanceId), bridge, subnet: '172.30.0.0/16' };
    return this.bridge;
  }

  async removeBridge(): Promise<void> {
    this.#enter('removeBridge');
    if (this.isAttached) throw new EngineError('refused', 'network has active endpoints');
    this.bridge = undefined;
  }

  async guards(): Promise<Guard[]> {
    this.#enter();
    return this.running.map(({ dockerId, isRunning, fingerprint }) => ({ dockerId, isRunning, fingerprint }));
  }

  async startGuard({ command, fingerprint }: GuardSpec): Promise<string> {
    this.#enter(`startGuard ${command[0]}`);
    if (this.conflict !== undefined) throw new EngineError('conflict', this.conflict);
    this.#made += 1;
    const dockerId = `g${this.#made}`;
    const isRunning = this.refusal === undefined && command[0] === 'hold';
    const output = this.refusal ?? (command[0] === 'hold' ? 'rules in force\r\n' : 'rules removed\r\n');
    this.running.push({ dockerId, isRunning, fingerprint, output });
    return dockerId;
  }

  async guardOutput(dockerId: string): Promise<string> {
    this.#enter();
    return this.running.find((guard) => guard.dockerId === dockerId)?.output ?? '';
  }

  async removeGuard(dockerId: string): Promise<void> {
    this.#enter(`removeGuard ${dockerId}`);
    const at = this.running.findIndex((guard) => guard.dockerId === dockerId);
    if (at >= 0) this.running.splice(at, 1);
  }

  watchGuards(_instanceId: string, onEnd: () => void): void {
    this.#onEnd = onEnd;
  }

  #enter(call?: string): void {
    if (this.isDown) throw new EngineError('unavailable', 'docker does not answer');
    if (call !== undefined) this.calls.push(call);
  }
}
