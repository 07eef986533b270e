import fc from 'fast-check';
import { cpuLimits } from '../lifecycle/container-limits';
import { CpuLedger } from './cpu-ledger';

describe('the ledger of processors', () => {
  it('refuses what would promise more than there is, with the figures, and changes nothing', () => {
    const ledger = new CpuLedger(1.5);
    ledger.reserve('a', 1769);
    expect(() => ledger.reserve('b', 1769)).toThrow(/needs 1 processors more, 0.5 of the 1.5 .* EASYFAAS_NODE_CPUS/);
    expect(ledger.reservedCpus).toBe(1);
    ledger.reserve('b', 884);
    expect(ledger.reservedCpus).toBe(1.5);
    ledger.release('a');
    ledger.release('a');
    expect(ledger.reservedCpus).toBe(0.5);
  });

  it('says how much memory goes with what is missing', () => {
    const ledger = new CpuLedger(1);
    ledger.reserve('a', 1769);
    try {
      ledger.reserve('b', 512);
      throw new Error('it was not refused');
    } catch (error) {
      expect(error).toMatchObject({ code: 'CAPACITY_EXCEEDED', details: { resource: 'cpu', neededCpus: 0.29, neededMb: 514, freeMb: 0 } });
    }
  });

  it('gives a function that is larger than all processors all of them, and takes in what exists already', () => {
    const ledger = new CpuLedger(2);
    ledger.reserve('a', 10_240);
    expect(ledger.reservedCpus).toBe(2);
    ledger.adopt('b', 1769);
    expect(ledger.reservedCpus).toBe(3);
    ledger.lower('a', 1769);
    expect(ledger.reservedCpus).toBe(2);
  });

  it('only counts where functions have weights', () => {
    const ledger = new CpuLedger(undefined);
    for (let n = 0; n < 100; n++) ledger.reserve(String(n), 1769);
    expect(ledger.reservedCpus).toBe(100);
  });

  it('never goes over the budget, and always equals the sum of the quotas in force', () => {
    const step = fc.record({
      verb: fc.constantFrom('reserve', 'lower', 'release'),
      id: fc.constantFrom('a', 'b', 'c', 'd'),
      mb: fc.integer({ min: 128, max: 4096 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const ledger = new CpuLedger(3);
        const model = new Map<string, number>();
        const quota = (mb: number): number => cpuLimits(mb, 3).quota ?? 0;
        const sum = (): number => Math.round([...model.values()].reduce((total, mb) => total + quota(mb), 0) * 100) / 100;
        for (const { verb, id, mb } of steps) {
          const held = model.get(id);
          if (verb === 'release') {
            ledger.release(id);
            model.delete(id);
          } else if (verb === 'lower') {
            ledger.lower(id, mb);
            if (held !== undefined) model.set(id, Math.min(held, mb));
          } else {
            try {
              ledger.reserve(id, mb);
              model.set(id, Math.max(held ?? 0, mb));
            } catch (error) {
              expect(error).toMatchObject({ code: 'CAPACITY_EXCEEDED' });
              expect(sum() - quota(held ?? 0) * (held === undefined ? 0 : 1) + quota(mb)).toBeGreaterThan(3);
            }
          }
          expect(ledger.reservedCpus).toBe(sum());
          expect(ledger.reservedCpus).toBeLessThanOrEqual(3);
        }
      }),
    );
  });
});
