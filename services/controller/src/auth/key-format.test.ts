import { randomBytes } from 'node:crypto';
import { keyIdOf, makeKey, matchesHash, sha256Of } from './key-format';

describe('a key', () => {
  it('has its documented form and finds its id', () => {
    const key = makeKey(randomBytes);
    expect(key.credential).toMatch(/^easyfaas_[a-z0-9]{8}_[A-Za-z0-9_-]{43}$/);
    expect(keyIdOf(key.credential)).toBe(key.keyId);
    expect(key.sha256).toBe(sha256Of(key.credential));
  });

  it('matches its own hash only', () => {
    const key = makeKey(randomBytes);
    expect(matchesHash(key.credential, key.sha256)).toBe(true);
    expect(matchesHash(key.credential, makeKey(randomBytes).sha256)).toBe(false);
    expect(matchesHash(key.credential, undefined)).toBe(false);
    expect(matchesHash(key.credential, '')).toBe(false);
  });

  it.each([
    '',
    'easyfaas_',
    'x'.repeat(60),
    `easyfaas_ABCDEFGH_${'A'.repeat(43)}`,
    `easyfaas_abcdefgh_${'A'.repeat(42)}`,
    ` easyfaas_abcdefgh_${'A'.repeat(43)}`,
  ])('is not %j', (text) => {
    expect(keyIdOf(text)).toBeUndefined();
  });
});
