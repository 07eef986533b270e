import { FakeClock, ServiceError, silentLogger } from '@easyfaas/service-kit';
import type { NodeView } from '@easyfaas/contracts/wire';
import { NodeFacts } from './node-facts';

const node = (memoryMb: number): NodeView => ({ budget: { memoryMb, cpus: 2, overheadMb: 8 } }) as NodeView;

async function factsOf(funclet: { node: () => Promise<NodeView> }): Promise<{ facts: NodeFacts; clock: FakeClock }> {
  const clock = new FakeClock();
  const facts = new NodeFacts({ clock, logger: silentLogger(), funclet });
  facts.start();
  await new Promise(setImmediate);
  return { facts, clock };
}

describe('a function larger than the node', () => {
  it('is refused with the figures', async () => {
    const { facts } = await factsOf({ node: async () => node(900) });
    expect(() => facts.assertFits(892)).not.toThrow();
    expect(() => facts.assertFits(893)).toThrow(/MemorySize is 893 MB; this node has 900 MB for all containers together, 892 MB for one/);
  });

  it('is not refused while nobody knows what the node has', async () => {
    const { facts, clock } = await factsOf({ node: () => Promise.reject(new ServiceError('FUNCLET_UNAVAILABLE', 'away')) });
    expect(() => facts.assertFits(10_240)).not.toThrow();
    expect(facts.budget).toBeUndefined();
    clock.advance(1000);
    facts.stop();
  });
});
