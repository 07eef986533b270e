import { FakeClock, silentLogger } from '@easyfaas/service-kit';
import { FakeNetworkEngine } from '../engine/testing/fake-network-engine';
import { EgressNetwork } from './egress-network';
import type { EgressSettings } from './egress-settings';

const signal = new AbortController().signal;
const INSTANCE = 'b'.repeat(32);

class World {
  readonly engine = new FakeNetworkEngine();
  readonly clock = new FakeClock();
  imageId: string | undefined = `sha256:${'f'.repeat(64)}`;
  egress = this.restart();

  restart(settings: Partial<EgressSettings> = {}): EgressNetwork {
    this.egress = new EgressNetwork({
      instanceId: INSTANCE,
      labels: {},
      settings: { isOn: true, allow: [], deny: [], resolvers: ['9.9.9.9'], ...settings },
      image: 'easyfaas/funclet:latest',
      engine: this.engine,
      images: { imageId: async () => this.imageId },
      clock: this.clock,
      logger: silentLogger(),
    });
    return this.egress;
  }

  async rounds(count: number): Promise<void> {
    for (let round = 0; round < count; round++) await this.egress.reconcile(false, signal);
  }
}

describe('the network of functions with egress', () => {
  it('is made with its guard when the first container wants it, and once', async () => {
    const { egress, engine } = new World();
    expect(egress.view).toEqual({ state: 'unused' });
    const wanted = await Promise.all([egress.ensure(signal), egress.ensure(signal)]);
    expect(wanted).toEqual(Array(2).fill({ network: 'easyfaas-egress-bbbbbbbb', resolvers: ['9.9.9.9'] }));
    expect(engine.calls).toEqual(['createBridge', 'startGuard hold']);
    expect(egress.view).toEqual({ state: 'guarded' });
  });

  it('is refused, with the guard’s words, where the packet filter does not take the rules', async () => {
    const { egress, engine } = new World();
    engine.refusal = 'Error: Could not process rule: Operation not supported\r\n';
    await expect(egress.ensure(signal)).rejects.toMatchObject({
      code: 'EGRESS_UNAVAILABLE',
      message: expect.stringContaining('Operation not supported') as string,
    });
    expect(engine.running).toEqual([]);
    expect(egress.view.state).toBe('failed');
  });

  it('is refused where the image with the guard is missing, and where the operator forbids it', async () => {
    const world = new World();
    world.imageId = undefined;
    await expect(world.egress.ensure(signal)).rejects.toThrow(/easyfaas\/funclet:latest.*not on this host/);
    expect(() => world.restart({ isOn: false }).ensure(signal)).toThrow(expect.objectContaining({ code: 'EGRESS_FORBIDDEN' }) as Error);
  });

  it('gets another guard when the one it had has ended', async () => {
    const { egress, engine } = new World();
    await egress.ensure(signal);
    let ends = 0;
    egress.watch(() => (ends += 1), signal);
    engine.endGuards();
    expect(ends).toBe(1);
    expect(await egress.reconcile(true, signal)).toBeUndefined();
    expect(engine.calls.slice(2)).toEqual(['removeGuard g1', 'startGuard hold']);
  });

  it('lets no container go on when the rules cannot be put in force again', async () => {
    const { egress, engine } = new World();
    await egress.ensure(signal);
    engine.endGuards();
    engine.refusal = 'no netlink';
    expect(await egress.reconcile(true, signal)).toMatch(/no netlink/);
  });

  it('takes no container away because Docker does not answer: the rules are the kernel’s', async () => {
    const { egress, engine } = new World();
    await egress.ensure(signal);
    engine.isDown = true;
    expect(await egress.reconcile(true, signal)).toBeUndefined();
  });

  it('gives Docker three rounds when it refuses a guard', async () => {
    const { egress, engine } = new World();
    await egress.ensure(signal);
    engine.endGuards();
    engine.conflict = 'the name is in use';
    expect([await egress.reconcile(true, signal), await egress.reconcile(true, signal)]).toEqual([undefined, undefined]);
    expect(await egress.reconcile(true, signal)).toMatch(/the name is in use/);
  });

  it('keeps the guard of an earlier process, and replaces it when the rules have become others', async () => {
    const world = new World();
    await world.egress.ensure(signal);
    await world.restart().ensure(signal);
    expect(world.engine.calls).toEqual(['createBridge', 'startGuard hold']);
    await world.restart({ allow: [{ address: '10.1.2.3', prefix: 32 }] }).ensure(signal);
    expect(world.engine.calls.slice(2)).toEqual(['removeGuard g1', 'startGuard hold']);
  });

  it('is given back, rules last, when no container has wanted it for a while, and can be made again', async () => {
    const world = new World();
    await world.egress.ensure(signal);
    await world.rounds(5);
    expect(world.engine.bridge).toBeDefined();
    await world.rounds(1);
    expect(world.engine.calls.slice(2)).toEqual(['removeBridge', 'removeGuard g1', 'startGuard remove', 'removeGuard g2']);
    expect(world.engine.running).toEqual([]);
    await world.rounds(20);
    expect(world.engine.calls).toHaveLength(6);
    await world.egress.ensure(signal);
    expect(world.engine.bridge).toBeDefined();
  });

  it('keeps guard and rules while a container is attached after all', async () => {
    const world = new World();
    await world.egress.ensure(signal);
    world.engine.isAttached = true;
    await world.rounds(8);
    expect(world.engine.running.map(({ isRunning }) => isRunning)).toEqual([true]);
    world.engine.isAttached = false;
    await world.rounds(1);
    expect(world.engine.bridge).toBeUndefined();
  });

  it('is swept at the first look when it is of an earlier process and egress is off now', async () => {
    const world = new World();
    await world.egress.ensure(signal);
    const off = world.restart({ isOn: false });
    expect(await off.reconcile(true, signal)).toBe('egress is switched off');
    await off.reconcile(false, signal);
    expect([world.engine.bridge, world.engine.running]).toEqual([undefined, []]);
  });
});
