import { LentPieces, PayloadMemory } from './payload-memory';

describe('memory for payloads', () => {
  it('is used again when nobody holds it any more, and not before', () => {
    const memory = new PayloadMemory();
    const piece = memory.take();
    const lent = new LentPieces(memory, [piece]);
    lent.hold();
    lent.letGo();
    expect(memory.take()).not.toBe(piece);
    lent.letGo();
    expect(memory.take()).toBe(piece);
  });

  it('cannot be let go by somebody who does not hold it', () => {
    const lent = new LentPieces(new PayloadMemory(), []);
    lent.letGo();
    expect(() => lent.letGo()).toThrow('Nobody holds these pieces');
  });
});
