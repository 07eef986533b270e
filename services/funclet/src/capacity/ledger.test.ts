import fc from 'fast-check';
import { Ledger } from './ledger';

describe('the ledger', () => {
  it('counts limit and overhead of each container', () => {
    const ledger = new Ledger(1000, 8);
    ledger.reserve('a', 128);
    ledger.reserve('b', 256);
    expect(ledger.reservedMb).toBe(128 + 256 + 16);
    ledger.release('a');
    ledger.release('a');
    expect(ledger.reservedMb).toBe(264);
  });

  it('refuses what does not fit, with the figures, and changes nothing', () => {
    const ledger = new Ledger(300, 8);
    ledger.reserve('a', 128);
    expect(() => ledger.reserve('b', 200)).toThrow(/needs 208 MB more, 164 MB of the node's 300 MB are free/);
    expect(() => ledger.reserve('a', 400)).toThrow(/needs 272 MB more/);
    expect(ledger.reservedMb).toBe(136);
    expect(ledger.limitOf('b')).toBeUndefined();
  });

  it('does not give memory back by a smaller reservation, only by lowering', () => {
    const ledger = new Ledger(1000, 0);
    ledger.reserve('a', 512);
    ledger.reserve('a', 128);
    expect(ledger.limitOf('a')).toBe(512);
    ledger.lower('a', 128);
    expect(ledger.limitOf('a')).toBe(128);
    ledger.lower('a', 512);
    expect(ledger.reservedMb).toBe(128);
  });

  it('takes in what exists already, also over the budget', () => {
    const ledger = new Ledger(100, 0);
    ledger.adopt('a', 512);
    ledger.adopt('a', 256);
    expect(ledger.reservedMb).toBe(256);
  });

  it('never goes over the budget and always equals the sum of its parts', () => {
    const step = fc.record({
      verb: fc.constantFrom('reserve', 'lower', 'release'),
      id: fc.constantFrom('a', 'b', 'c', 'd'),
      mb: fc.integer({ min: 1, max: 600 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const ledger = new Ledger(1000, 8);
        const model = new Map<string, number>();
        for (const { verb, id, mb } of steps) {
          if (verb === 'release') {
            ledger.release(id);
            model.delete(id);
          } else if (verb === 'lower') {
            ledger.lower(id, mb);
            const held = model.get(id);
            if (held !== undefined) model.set(id, Math.min(held, mb));
          } else {
            const next = new Map(model).set(id, Math.max(model.get(id) ?? 0, mb));
            const sum = [...next.values()].reduce((total, one) => total + one + 8, 0);
            if (sum > 1000 && sum > ledger.reservedMb) expect(() => ledger.reserve(id, mb)).toThrow();
            else {
              ledger.reserve(id, mb);
              model.set(id, next.get(id) ?? 0);
            }
          }
          expect(ledger.reservedMb).toBe([...model.values()].reduce((total, one) => total + one + 8, 0));
          expect(ledger.reservedMb).toBeLessThanOrEqual(1000);
        }
      }),
    );
  });
});
