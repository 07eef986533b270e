import { NonceSource } from './nonce-source';

it('nonces have 128 bits in hex and do not repeat, also over refills', () => {
  const source = new NonceSource();
  const seen = new Set(Array.from({ length: 2000 }, () => source.next()));
  expect(seen.size).toBe(2000);
  expect([...seen].every((nonce) => /^[0-9a-f]{32}$/.test(nonce))).toBe(true);
});
