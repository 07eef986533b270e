import { writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { zipSingleFile } from '@easyfaas/code-package';
import { TestLifecycle } from './testing/test-lifecycle';

const BUDGET_MB = 1500;
const OVERHEAD_MB = 8;

/** Numerical Recipes' generator: the same storm for the same seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe('a storm of warm-ups, resizes, pauses and resets', () => {
  it.each([1, 2, 3, 4, 5])('never overshoots the budget, explains every step, and gives everything back (seed %i)', async (seed) => {
    const life = await new TestLifecycle({ budgetMb: BUDGET_MB }).open();
    const zip = await zipSingleFile('index.js', 'exports.handler = async () => 1;');
    const sha256 = createHash('sha256').update(zip).digest('hex');
    writeFileSync(join(life.directory, 'packages', `${sha256}.zip`), zip);
    // What the kernel has in force, as it was written: the ledger is not asked about itself.
    const inForceMb = new Map<string, number>();
    let mostMb = 0;
    const measure = (): void => {
      let sumMb = 0;
      for (const { view } of life.registry.records()) sumMb += (inForceMb.get(view.dockerId ?? '') ?? view.memoryMb) + OVERHEAD_MB;
      mostMb = Math.max(mostMb, sumMb, life.ledger.reservedMb);
    };
    life.cgroups.setMemory = (dockerId, bytes) => {
      inForceMb.set(dockerId, bytes / 1024 / 1024);
      measure();
    };
    life.registry.listen({ onChange: measure });
    const random = randomOf(seed);
    const ids = Array.from({ length: 12 }, (_, index) => String(index).padStart(12, '0'));
    let sequence = 0;
    const step = async (slot: number): Promise<void> => {
      const containerId = ids[slot] ?? '';
      const memoryMb = 64 + random(900);
      const { containers, signal } = life;
      const operationId = life.operationId();
      const verbs = [
        () => containers.init(life.initRequest(containerId, 64 + random(200)), signal),
        () => containers.attached(containerId, life.transition()),
        () => containers.warmUp(containerId, life.warmUpRequest(sha256, memoryMb), signal),
        () => containers.loaded(containerId, life.transition()),
        () => containers.resize(containerId, { operationId, memoryMb }, signal),
        () => containers.resize(containerId, { operationId, memoryMb }, signal),
        () => containers.pause(containerId, life.transition(), signal),
        () => containers.resume(containerId, life.transition(), signal),
        async () => {
          await containers.reset(containerId, { operationId, reason: 'storm' }, signal);
          ids[slot] = (++sequence).toString(16).padStart(12, 'f');
        },
      ];
      try {
        await verbs[random(verbs.length)]?.();
      } catch (error) {
        // Refusals are part of the storm; anything else is not.
        expect((error as { code?: string }).code).toMatch(/^(ILLEGAL_TRANSITION|CONTAINER_NOT_FOUND|CAPACITY_EXCEEDED|MEMORY_BUSY)$/);
      }
    };
    for (let round = 0; round < 60; round++) await Promise.all(ids.map((_, slot) => (random(2) === 0 ? step(slot) : Promise.resolve())));
    expect(mostMb).toBeGreaterThan(BUDGET_MB / 2);
    expect(mostMb).toBeLessThanOrEqual(BUDGET_MB);
    for (const { view } of life.registry.records()) {
      expect(view.history.every(({ reason, atMs }) => reason.length > 0 && atMs > 0)).toBe(true);
      await life.containers.reset(view.containerId, { operationId: life.operationId(), reason: 'over' }, life.signal);
    }
    expect(life.ledger.reservedMb).toBe(0);
    life.close();
  });
});
