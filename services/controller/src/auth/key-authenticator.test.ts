import { randomBytes } from 'node:crypto';
import type { CreateKeyRequest, CreatedKey } from '@easyfaas/contracts/wire';
import { FakeClock, silentLogger } from '@easyfaas/service-kit';
import { SecretBox } from '../secrets/secret-box';
import { KeyAuthenticator } from './key-authenticator';
import { KeyService } from './key-service';
import { createKeySeal } from './key-seal';
import { FakeKeyStore } from './testing/fake-key-store';

const SEAL = createKeySeal(new SecretBox(Buffer.alloc(32, 7)));
const refusing = (): never => {
  throw new Error('not planned');
};

describe('the authenticator', () => {
  let unsealed: string[];
  let clock: FakeClock;
  let store: FakeKeyStore;
  let authenticator: KeyAuthenticator;
  let key: string;

  beforeEach(async () => {
    clock = new FakeClock();
    store = new FakeKeyStore();
    unsealed = [];
    authenticator = new KeyAuthenticator({ store, clock, logger: silentLogger(), onUnsealed: (keyId) => void unsealed.push(keyId) });
    await store.addAdmin({
      keyId: 'adminkey',
      accountId: 'default',
      scopes: ['admin'],
      description: '',
      sha256: '0'.repeat(64),
      createdAt: '',
    });
    key = (await new KeyService({ store, clock, random: randomBytes, seal: SEAL }).create({ AccountId: 'tenant', Scopes: ['invoke'] })).Key;
  });

  it('blames nobody while the store has lost its keys', async () => {
    const empty = new KeyAuthenticator({ store: new FakeKeyStore(), clock, logger: silentLogger(), onUnsealed: refusing });
    for (let tries = 0; tries < 20; tries += 1)
      await expect((async () => empty.authenticate(key, 'a'))()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  const attempt = async (credential: string | undefined, source = 'a'): Promise<unknown> => authenticator.authenticate(credential, source);
  const keyId = (): string => key.split('_')[1] ?? '';

  it('knows a key by its hash the first time and by memory from then on', async () => {
    const principal = { keyId: keyId(), accountId: 'tenant', scopes: ['invoke'] };
    expect(await authenticator.authenticate(key, 'a')).toEqual(principal);
    expect(authenticator.authenticate(key, 'a')).toEqual(principal);
    expect(store.finds).toBe(1);
  });

  it('joins the look-ups of one key', async () => {
    await Promise.all([attempt(key), attempt(key), attempt(key)]);
    expect(store.finds).toBe(1);
  });

  it('tells of a key in use that is not sealed yet, of others not', async () => {
    await attempt(key);
    expect(unsealed).toEqual([]);
    store.unseal(keyId());
    store.gap();
    await attempt(key);
    expect(unsealed).toEqual([keyId()]);
  });

  it('looks again after five seconds without letting the call wait', async () => {
    await attempt(key);
    clock.advance(6000);
    expect(authenticator.authenticate(key, 'a')).not.toBeInstanceOf(Promise);
    expect(store.finds).toBe(2);
  });

  it('forgets a revoked key at once, and after a gap asks before it believes', async () => {
    await attempt(key);
    store.gap();
    expect(authenticator.authenticate(key, 'a')).toBeInstanceOf(Promise);
    await store.remove(keyId());
    await expect(attempt(key)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  });

  it('says the same for every way to have no valid key', async () => {
    const wrong = [undefined, '', 'secret', `${key.slice(0, -2)}zz`, `easyfaas_zzzzzzzz_${'A'.repeat(43)}`];
    const errors = await Promise.all(wrong.map((credential) => attempt(credential).catch((error: unknown) => String(error))));
    expect(new Set(errors).size).toBe(1);
    expect(errors[0]).toMatch(/Authorization: Bearer/);
  });

  it('throttles a source after ten wrong keys in a minute, and nobody else', async () => {
    await attempt(key);
    for (let wrong = 0; wrong < 10; wrong += 1) await expect(attempt('wrong')).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    await expect(attempt('wrong')).rejects.toMatchObject({ code: 'THROTTLED', headers: { 'Retry-After': '60' } });
    await expect(attempt(undefined)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    await expect(attempt('wrong', 'b')).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    expect(await attempt(key)).toMatchObject({ accountId: 'tenant' });
    clock.advance(60_000);
    await expect(attempt('wrong')).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  });

  it('does not ask the store for a throttled source', async () => {
    for (let wrong = 0; wrong < 10; wrong += 1) await attempt('wrong').catch(() => undefined);
    await expect(attempt(key)).rejects.toMatchObject({ code: 'THROTTLED' });
    expect(store.finds).toBe(0);
  });

  it('lets known keys in while the store is away, and unknown ones not', async () => {
    await attempt(key);
    store.isAway = true;
    clock.advance(3_600_000);
    expect(await attempt(key)).toMatchObject({ accountId: 'tenant' });
    await expect(attempt(`easyfaas_zzzzzzzz_${'A'.repeat(43)}`)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  const make = (body: CreateKeyRequest): Promise<CreatedKey> =>
    new KeyService({ store, clock, random: randomBytes, seal: SEAL }).create(body);
  const inMs = (ms: number): string => new Date(clock.wallMs() + ms).toISOString();

  it('takes a key until it expires, and then answers as for a wrong one', async () => {
    const { Key } = await make({ Scopes: ['read'], ExpiresAt: inMs(3000) });
    await attempt(Key);
    clock.advance(2999);
    expect(await attempt(Key)).toMatchObject({ scopes: ['read'] });
    clock.advance(1);
    const [expired, wrong] = await Promise.all([Key, 'wrong'].map((each) => attempt(each).catch((error: unknown) => String(error))));
    expect(expired).toBe(wrong);
    expect(await authenticator.isValid(Key)).toBe(false);
  });

  it('takes the secret before a rotation for its grace time, and the new one at once', async () => {
    const made = await make({ Scopes: ['read'] });
    await attempt(made.Key);
    const service = new KeyService({ store, clock, random: randomBytes, seal: SEAL });
    const rotated = await service.rotate(made.KeyId, { GraceSeconds: 2 });
    expect(await attempt(rotated.Key)).toMatchObject({ keyId: made.KeyId });
    expect(await attempt(made.Key)).toMatchObject({ keyId: made.KeyId });
    clock.advance(2000);
    await expect(attempt(made.Key)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    expect(await attempt(rotated.Key)).toMatchObject({ keyId: made.KeyId });
    const again = await service.rotate(made.KeyId, { GraceSeconds: 0 });
    await expect(attempt(rotated.Key)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    expect(await attempt(again.Key)).toMatchObject({ keyId: made.KeyId });
  });

  it('lets a key make no more requests than its rate, whichever of its secrets is sent', async () => {
    const made = await make({ Scopes: ['read'], RateLimit: { RequestsPerSecond: 2, Burst: 3 } });
    const rotated = await new KeyService({ store, clock, random: randomBytes, seal: SEAL }).rotate(made.KeyId, {});
    for (const credential of [made.Key, rotated.Key, made.Key]) await attempt(credential);
    const refused = { code: 'THROTTLED', headers: { 'Retry-After': '1', Reason: 'KeyRateExceeded' } };
    await expect(attempt(rotated.Key)).rejects.toMatchObject(refused);
    await expect(attempt(made.Key)).rejects.toMatchObject(refused);
    expect(await authenticator.isValid(made.Key)).toBe(true);
    clock.advance(500);
    await attempt(made.Key);
    await expect(attempt(made.Key)).rejects.toMatchObject(refused);
    // Looked at again, its bucket is the same.
    clock.advance(400);
    store.gap();
    await expect(attempt(made.Key)).rejects.toMatchObject(refused);
  });

  it('tells at once that a key is revoked, to who follows something', async () => {
    await attempt(key);
    expect(authenticator.isValid(key)).toBe(true);
    await store.remove(keyId());
    expect(await authenticator.isValid(key)).toBe(false);
    expect(await authenticator.isValid(undefined)).toBe(false);
  });

  it('notes when a key is used, once a minute', async () => {
    await attempt(key);
    const first = store.usedAt[keyId()];
    expect(first).toBe(new Date(clock.wallMs()).toISOString());
    clock.advance(20_000);
    await attempt(key);
    expect(store.usedAt[keyId()]).toBe(first);
    clock.advance(50_000);
    await attempt(key);
    expect(store.usedAt[keyId()]).not.toBe(first);
  });
});
