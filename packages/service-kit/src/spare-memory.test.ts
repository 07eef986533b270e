import { FakeClock } from './clock';
import { giveBackSpareMemory, isSpare } from './spare-memory';

const MIB = 1024 * 1024;

describe('spare memory', () => {
  it('is what an idle process holds for new objects', () => {
    expect(isSpare({ busyShare: 0.02, youngSpaceBytes: 32 * MIB })).toBe(true);
  });

  it('is not what a busy process holds for them', () => {
    expect(isSpare({ busyShare: 0.3, youngSpaceBytes: 128 * MIB })).toBe(false);
  });

  it('is not worth a collection when it is little', () => {
    expect(isSpare({ busyShare: 0, youngSpaceBytes: 2 * MIB })).toBe(false);
  });

  it('is given back once the load has gone, and again after the next', () => {
    const clock = new FakeClock();
    let processorMs = 0;
    let youngSpaceBytes = 32 * MIB;
    let collections = 0;
    const collectYoung = (): void => {
      collections++;
      youngSpaceBytes = MIB;
    };
    const stop = giveBackSpareMemory(clock, { processorMs: () => processorMs, youngSpaceBytes: () => youngSpaceBytes, collectYoung });

    processorMs += 4000;
    clock.advance(5000);
    expect(collections).toBe(0);
    clock.advance(5000);
    expect(collections).toBe(1);
    clock.advance(60_000);
    expect(collections).toBe(1);
    youngSpaceBytes = 64 * MIB;
    clock.advance(5000);
    expect(collections).toBe(2);
    stop();
    youngSpaceBytes = 64 * MIB;
    clock.advance(60_000);
    expect(collections).toBe(2);
  });
});
