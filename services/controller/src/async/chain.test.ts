import { Chain, DEPTH_MAX, assertDepth } from './chain';

const chain = new Chain(Buffer.from('secret'));

describe('the depth of a chain', () => {
  it('is read back as it was signed', () => {
    for (let depth = 0; depth <= DEPTH_MAX; depth++) expect(chain.read(chain.sign(depth))).toBe(depth);
    expect(chain.read(chain.sign(99))).toBe(DEPTH_MAX);
  });

  it('cannot be made up', () => {
    const mac = chain.sign(9).slice(2);
    for (const text of ['', '3', '3.', `3.${mac}`, '99.AAAAAAAAAAAAAAAAAAAAAA', `9.${mac}x`, `9.${'ü'.repeat(22)}`]) {
      expect(chain.read(text)).toBeUndefined();
    }
    expect(new Chain(Buffer.from('other')).read(chain.sign(3))).toBeUndefined();
  });

  it('has an end', () => {
    expect(() => assertDepth(DEPTH_MAX - 1)).not.toThrow();
    expect(() => assertDepth(DEPTH_MAX)).toThrow(/limit is 16/);
  });
});
