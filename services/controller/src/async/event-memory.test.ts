import { PayloadBudget } from '../invoke/payload-budget';
import { EventMemory } from './event-memory';

const KIB = 1024;
const MIB = 1024 * KIB;

describe('memory for events', () => {
  let payloads: PayloadBudget;
  let memory: EventMemory;
  const open = (limitBytes: number, payloadLimitBytes = 256 * KIB): void => {
    payloads = new PayloadBudget(limitBytes);
    memory = new EventMemory({ payloads, payloadLimitBytes });
  };
  /** Until there is none. */
  const all = (isFirst: boolean): number => {
    let sum = 0;
    for (;;) {
      const bytes = memory.reserve(isFirst);
      if (bytes === 0) return sum;
      sum += bytes;
    }
  };

  it('is a part of the memory for payloads, for which calls are not asked', () => {
    open(64 * MIB);
    expect(memory.reserve(true)).toBe(8 * MIB);
    expect(payloads.heldBytes).toBe(8 * MIB);
    memory.give(8 * MIB);
    expect(payloads.heldBytes).toBe(0);
  });

  it('is half of it at most, of which some is left for a function that has nothing running', () => {
    open(64 * MIB);
    expect(all(false)).toBe(24 * MIB);
    expect(memory.reserve(true)).toBe(8 * MIB);
    expect(memory.reserve(true)).toBe(0);
  });

  it('is what calls have left, and enough for one event when they have left none', () => {
    open(64 * MIB);
    payloads.take(60 * MIB);
    expect(memory.reserve(true)).toBe(4 * MIB);
    expect(memory.reserve(true)).toBe(0);
    memory.give(4 * MIB);
    payloads.take(4 * MIB);
    expect(memory.reserve(false)).toBe(256 * KIB);
    expect(memory.reserve(true)).toBe(0);
    memory.give(256 * KIB);
    expect(memory.reserve(false)).toBe(256 * KIB);
  });

  it('has room for the largest event, one at a time, where the limit is small', () => {
    open(8 * MIB, 6 * MIB);
    expect(memory.reserve(true)).toBe(6 * MIB);
    expect(memory.reserve(true)).toBe(0);
  });
});
