import { NonceMemory } from './nonce-memory';
import { CLAIMS_MS } from './pod-claims';

const START_MS = 1_700_000_000_000;

describe('the memory of nonces', () => {
  it('takes each once, for as long as its signature can be good', () => {
    const memory = new NonceMemory();
    expect(memory.take('a', START_MS)).toBe(true);
    for (const laterMs of [0, 1, CLAIMS_MS, 2 * CLAIMS_MS - 1, 2 * CLAIMS_MS]) {
      expect(memory.take('a', START_MS + laterMs)).toBe(false);
      expect(memory.take(`b${laterMs}`, START_MS + laterMs)).toBe(true);
    }
  });

  it('also across the change of generations', () => {
    const memory = new NonceMemory();
    memory.take('first', START_MS);
    memory.take('late', START_MS + 2 * CLAIMS_MS - 1);
    memory.take('turn', START_MS + 2 * CLAIMS_MS);
    expect(memory.take('late', START_MS + 4 * CLAIMS_MS - 2)).toBe(false);
  });

  it('does not grow for ever', () => {
    const memory = new NonceMemory();
    for (let index = 0; index < 1000; index++) memory.take(`n${index}`, START_MS + index * CLAIMS_MS);
    expect(memory.size).toBeLessThan(10);
  });

  it('forgets all after a long pause', () => {
    const memory = new NonceMemory();
    memory.take('a', START_MS);
    memory.take('b', START_MS + 10 * CLAIMS_MS);
    expect(memory.size).toBe(1);
  });
});
